import type { BadgeColor } from '../../../core/views/view.js'

/** How a state at the authority looks wherever it is shown. */
export const stateColours: Readonly<Record<string, BadgeColor>> = {
  sending: 'blue',
  Submitted: 'blue',
  Valid: 'green',
  Invalid: 'red',
  Rejected: 'red',
  Cancelled: 'grey',
}

/** States in which a document that was valid stands no more: they come after the authority's answer. */
export const laterStates = ['Invalid', 'Rejected', 'Cancelled'] as const
