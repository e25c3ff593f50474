import type { SignRequest } from '../../models/request.js'

/** Name of a request's files: its own name and number, in letters that every file system takes. */
export function fileNameOf(request: Pick<SignRequest, 'name' | 'number'>): string {
  return `${request.name} ${request.number}`
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]/, '')
    .slice(0, 120)
    .replace(/-$/, '')
}
