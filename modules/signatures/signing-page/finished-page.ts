import type { Host } from '../../../core/host/module.js'
import type { PageAnswer } from '../../../core/http/routes.js'
import { faultText, signerPage } from './page-frame.js'
import type { OpenLink } from './open-link.js'

/** How far the document of somebody who has done his part is. */
export interface FinishedState {
  /** `signing`: his signature is being made; `others`: somebody else is asked; `sealing`: all signed; `ready`: the files are there; `ended`. */
  readonly stage: 'signing' | 'others' | 'sealing' | 'ready' | 'ended'
  readonly text: string
  /** What is waited for, when it is known: a desk, a time stamp. */
  readonly waiting: string
}

export function finishedState(host: Host, link: OpenLink): FinishedState {
  const { request, signer } = link
  const { locale } = link.context
  const stage = stageOf(link)
  const fault = stage === 'signing' ? signer.fault : null
  const action = signer.action === 'approve' && stage === 'others' ? 'others-approved' : stage
  return {
    stage,
    text: host.i18n.text(locale, `signatures.sign.finished.${action}`, { document: request.name }),
    waiting: fault === null ? '' : faultText(host, locale, fault),
  }
}

function stageOf({ request, signer }: OpenLink): FinishedState['stage'] {
  if (signer.state === 'submitted') return 'signing'
  if (request.state === 'sealed') return 'ready'
  if (request.state === 'signed' || request.state === 'sealing_failed') return 'sealing'
  return request.state === 'sent' ? 'others' : 'ended'
}

/** The end of the way: never a second signature, whatever is clicked again. */
export function finishedPage(host: Host, link: OpenLink): PageAnswer {
  const state = finishedState(host, link)
  const { signer, request } = link
  return signerPage(host, link, {
    template: 'signer-finished',
    title: 'finished.title',
    scripts: ['wait'],
    data: {
      state,
      ready: state.stage === 'ready',
      certificate: request.certificateSha256 !== null,
      live: state.stage !== 'ready' && state.stage !== 'ended',
      heading: host.i18n.text(link.context.locale, `signatures.sign.finished.heading.${headingOf(signer.action, state.stage)}`),
      completedAt: signer.completedAt,
      redirect: state.stage === 'signing' ? '' : (request.completedRedirectUrl ?? ''),
      inPerson: link.session?.inPerson ?? false,
    },
  })
}

function headingOf(action: string, stage: FinishedState['stage']): string {
  if (action === 'copy') return 'copy'
  if (stage === 'signing') return 'signing'
  return action === 'approve' ? 'approved' : 'signed'
}
