/**
 * For so long nobody else sends what a process has taken for sending. A process that was killed in the middle lets go of it then: whoever
 * follows a document waits longer than this before calling it stuck.
 */
export const leaseSeconds = 180
