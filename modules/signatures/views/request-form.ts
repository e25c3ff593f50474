import type { Host } from '../../../core/host/module.js'
import type { FormView, RecordValues } from '../../../core/views/view.js'
import { previewOf, peopleOf, troubleOf } from './request-panels.js'
import { requestPath } from './request-model.js'

const is =
  (...states: string[]) =>
  (record: RecordValues): boolean =>
    states.includes(String(record['state']))

const file =
  (kind: string) =>
  (record: RecordValues): string =>
    `${requestPath(record['id'])}/file/${kind}`

/** The page of one request: what may be done, where it stands, its people, the document, what happened. */
export function requestForm(host: Host): FormView {
  return {
    id: 'signatures.request.form',
    kind: 'form',
    model: 'signatures.request',
    title: 'signatures.form.request',
    heading: 'name',
    actions: [
      {
        name: 'continue',
        label: 'signatures.action.continue',
        icon: 'send',
        visible: is('draft'),
        primary: () => true,
        href: (record) => `/app/signatures/new/${String(record['id'])}`,
      },
      { name: 'seal', label: 'signatures.action.seal', icon: 'seal', visible: is('sealing_failed'), primary: () => true },
      {
        name: 'signed',
        label: 'signatures.action.download',
        icon: 'download',
        visible: (record) => is('sealed')(record) && record['filesDeleted'] === false,
        primary: () => true,
        href: file('signed'),
      },
      {
        name: 'remind',
        label: 'signatures.action.remind',
        icon: 'bell',
        visible: (record) => is('sent')(record) && record['remindable'] === true,
        primary: () => true,
      },
      {
        name: 'certificate',
        label: 'signatures.action.certificate',
        icon: 'certificate',
        visible: (record) => record['hasCertificate'] === true,
        href: file('certificate'),
      },
      {
        name: 'events',
        label: 'signatures.action.events',
        icon: 'history',
        visible: (record) => record['hasEvents'] === true,
        href: file('events'),
      },
      {
        name: 'evidence',
        label: 'signatures.action.evidence',
        icon: 'package',
        visible: (record) => record['hasEvidence'] === true,
        href: file('evidence'),
      },
      {
        name: 'expiry',
        label: 'signatures.action.expiry',
        icon: 'calendar',
        visible: is('sent'),
        dialog: [{ name: 'expiresAt', label: 'signatures.field.expires-day', type: 'date', help: 'signatures.help.expires-day' }],
      },
      {
        name: 'hold',
        label: 'signatures.hold.set',
        icon: 'lock',
        visible: (record) => !is('draft')(record) && record['held'] === false && record['filesDeleted'] === false,
        dialog: [
          {
            name: 'reason',
            label: 'signatures.hold.reason',
            type: 'multiline',
            required: true,
            width: 'full',
            help: 'signatures.hold.help',
          },
        ],
      },
      {
        name: 'release',
        label: 'signatures.hold.release',
        icon: 'lock-open',
        visible: (record) => record['held'] === true,
        dialog: [{ name: 'reason', label: 'signatures.hold.reason', type: 'multiline', required: true, width: 'full' }],
      },
      {
        name: 'again',
        label: 'signatures.action.again',
        icon: 'send',
        visible: (record) => is('declined', 'expired', 'cancelled')(record) && record['hasSource'] === false,
      },
      {
        name: 'delete-files',
        label: 'signatures.action.delete-files',
        icon: 'trash',
        visible: (record) => is('sealed', 'declined', 'expired', 'cancelled')(record) && record['filesDeleted'] === false,
        href: (record) => `/app/signatures/retention/${String(record['id'])}`,
        groups: ['signatures.manager'],
      },
      {
        name: 'cancel',
        label: 'signatures.action.cancel',
        icon: 'ban',
        visible: is('draft', 'sent'),
        dialog: [
          {
            name: 'reason',
            label: 'signatures.field.reason',
            type: 'multiline',
            required: true,
            width: 'full',
            help: 'signatures.help.reason',
          },
        ],
      },
    ],
    status: {
      field: 'sealing',
      steps: ['draft', 'sent', 'signed', 'sealed'].map((value) => ({ value, label: `signatures.step.${value}` })),
    },
    groups: [
      {
        fields: [
          { name: 'number', label: 'signatures.field.number', type: 'code', readonly: true },
          { name: 'createdBy', label: 'signatures.field.created-by', type: 'text', readonly: true },
          {
            name: 'source',
            label: 'signatures.field.source',
            type: 'text',
            readonly: true,
            visible: (record) => record['hasSource'] === true,
          },
        ],
      },
      {
        fields: [
          { name: 'sentAt', label: 'signatures.field.sent-at', type: 'datetime', readonly: true },
          { name: 'expiresAt', label: 'signatures.field.expires-at', type: 'datetime', readonly: true },
          {
            name: 'completedAt',
            label: 'signatures.field.completed-at',
            type: 'datetime',
            readonly: true,
            visible: (record) => record['completedAt'] !== null,
          },
        ],
      },
    ],
    panels: [
      {
        name: 'trouble',
        label: 'signatures.panel.trouble',
        template: 'signatures/request-trouble',
        load: (record, transaction, context) => troubleOf(host, transaction, context, String(record['id'])),
      },
      {
        name: 'people',
        label: 'signatures.panel.people',
        template: 'signatures/request-people',
        load: (record, transaction, context) => peopleOf(host, transaction, context, String(record['id'])),
      },
      {
        name: 'document',
        label: 'signatures.panel.document',
        template: 'signatures/request-document',
        load: (record, transaction) => previewOf(transaction, String(record['id'])),
      },
    ],
    messageLog: true,
    waiting: (record) => (is('signed')(record) ? 'sealing' : undefined),
  }
}
