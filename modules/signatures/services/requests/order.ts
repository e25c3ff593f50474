import type { RequestSigner, SignRequest } from '../../models/request.js'
import { finishedStates } from './states.js'

type Ordered = Pick<RequestSigner, 'action' | 'state' | 'group'>

/** Those who act: a copy is for nobody to wait for. */
export function acting<Signer extends Ordered>(signers: readonly Signer[]): Signer[] {
  return signers.filter((signer) => signer.action !== 'copy')
}

/** All who act did so. Nobody at all is not «all». */
export function allFinished(signers: readonly Ordered[]): boolean {
  const people = acting(signers)
  return people.length > 0 && people.every((signer) => finishedStates.includes(signer.state))
}

/** Those to be asked now: of the lowest group that is not finished, who still wait. */
export function nextToAsk<Signer extends Ordered>(signers: readonly Signer[]): Signer[] {
  const open = acting(signers).filter((signer) => !finishedStates.includes(signer.state))
  const group = Math.min(...open.map((signer) => signer.group))
  return open.filter((signer) => signer.group === group && signer.state === 'waiting')
}

/** Group of each person by the order of the request, in the order of the list. */
export function groupsOf(order: SignRequest['order'], people: readonly { readonly action: string; readonly group: number }[]): number[] {
  if (order === 'parallel') return people.map(() => 1)
  if (order === 'groups') return people.map((person) => person.group)
  let last = 0
  return people.map((person) => {
    if (person.action !== 'copy') last += 1
    return Math.max(last, 1)
  })
}
