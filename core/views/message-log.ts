import type { CompanyTransaction } from '../db/database.js'
import type { FaultParameters } from '../i18n/fault.js'
import { plainText } from './field-control.js'
import { formatMoment } from './format.js'
import type { FormCall } from './form-page.js'
import type { RecordCall } from './record-call.js'

interface LogEntry {
  readonly at: string
  readonly order: number
  readonly who: string
  readonly text: string
  readonly detail: string
  readonly kind: 'event' | 'note' | 'mail'
  readonly icon: string
  readonly state: string
  readonly failed: boolean
  /** Id of a mail that may be sent again. */
  readonly again: string
  /** State of a mail that is still on its way. */
  readonly waiting: string
}

/** What happened to a record: events, notes people wrote, mails with their delivery state; newest first. */
export async function drawLog(call: RecordCall, transaction: CompanyTransaction, id: string, form: FormCall): Promise<readonly LogEntry[]> {
  const { host } = call.parts
  const { locale } = form.shown
  const subject = { type: call.model.auditType ?? call.model.name, id }
  const events = await host.audit.of(transaction, subject, 100)
  const mails = await host.mail.statesOf(transaction, subject)
  const entries: LogEntry[] = events.map((event) => {
    const isNote = event.action === 'record.noted'
    const params = { ...parametersOf(event.facts), label: event.subject.label ?? '' }
    return {
      at: formatMoment(event.at, form.shown),
      order: event.at.getTime(),
      who: event.actor.name,
      text: isNote ? plainText(event.facts?.['text']) : host.i18n.text(locale, `event.${event.action}`, params),
      detail: '',
      kind: isNote ? 'note' : 'event',
      icon: isNote ? 'message' : 'history',
      state: '',
      failed: false,
      again: '',
      waiting: '',
    }
  })
  for (const mail of mails) {
    entries.push({
      at: formatMoment(mail.at, form.shown),
      order: mail.at.getTime(),
      who: mail.to.join(', '),
      text: mail.subject,
      detail: mail.error ?? '',
      kind: 'mail',
      icon: 'mail',
      state: host.i18n.text(locale, `views.mail.${mail.state}`),
      failed: mail.state === 'failed',
      again: mail.state === 'failed' && form.editable ? mail.id : '',
      waiting: mail.state === 'queued' || mail.state === 'sending' ? `${mail.id}-${mail.state}` : '',
    })
  }
  return entries.sort((one, other) => other.order - one.order)
}

function parametersOf(facts: Readonly<Record<string, unknown>> | undefined): FaultParameters {
  return Object.fromEntries(
    Object.entries(facts ?? {}).map(([name, value]) => [name, typeof value === 'number' ? value : plainText(value)]),
  )
}
