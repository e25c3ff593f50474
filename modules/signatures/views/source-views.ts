import type { CompanyContext } from '../../../core/access/context.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FormView, RecordValues } from '../../../core/views/view.js'
import type { RequestState } from '../models/request.js'
import { readableRequests } from '../services/requests/readable.js'
import { requestPath, stateColours } from './request-model.js'

const stored = (record: RecordValues): boolean => typeof record['id'] === 'string' && record['id'] !== ''

/** Contacts and invoices get the button «Request signature», the count of their requests and a tab with them. */
export function extendSourceViews(setup: ModuleSetup): void {
  const { host, views } = setup
  // A contact's requests are those started from it and those in which it takes part.
  views.extend<FormView>('contacts.contact.form', (view) => extended(host, view, 'contacts.contact', stored))
  // An invoice is sealed when it is posted and never changes: what is signed about it (an acceptance, a delivery note) is a document of its own.
  views.extend<FormView>('invoicing.invoice.form', (view) =>
    extended(host, view, 'invoicing.invoice', (record) => stored(record) && record['state'] === 'posted'),
  )
}

function extended(host: Host, view: FormView, type: string, visible: (record: RecordValues) => boolean): FormView {
  return {
    ...view,
    actions: [
      ...(view.actions ?? []),
      {
        name: 'request-signature',
        label: 'signatures.action.request',
        icon: 'signature',
        visible,
        groups: ['signatures.user'],
        href: (record) => `/app/signatures/new?source=${type}&id=${String(record['id'])}`,
      },
    ],
    smartButtons: [
      ...(view.smartButtons ?? []),
      {
        name: 'signatures',
        label: 'signatures.list.requests',
        icon: 'signature',
        count: async (record, transaction, context) => (await requestsOf(host, transaction, context, type, String(record['id']))).length,
        href: (record) => `/app/signatures/request?source_id=${String(record['id'])}`,
      },
    ],
    tabs: [
      ...(view.tabs ?? []),
      {
        name: 'signatures',
        label: 'signatures.list.requests',
        visible: stored,
        panel: {
          template: 'signatures/request-tab',
          load: async (record, transaction, context) => ({
            requests: (await requestsOf(host, transaction, context, type, String(record['id']))).map((request) => ({
              ...request,
              href: requestPath(request.id),
              label: `signatures.state.${request.state}`,
              colour: stateColours[request.state],
              file: request.state === 'sealed' ? `${requestPath(request.id)}/file/signed` : undefined,
            })),
          }),
        },
      },
    ],
  }
}

function requestsOf(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  type: string,
  id: string,
): Promise<{ id: string; number: string; name: string; state: RequestState; created_at: Date }[]> {
  return readableRequests(host, transaction, context)
    .where((any) => {
      void any.where({ source_type: type, source_id: id })
      if (type === 'contacts.contact')
        void any.orWhereExists(
          transaction
            .knex('signatures_signer as signer')
            .whereRaw('signer.company_id = signatures_request.company_id and signer.request_id = signatures_request.id')
            .where('signer.contact_id', id),
        )
    })
    .orderBy('created_at', 'desc')
    .limit(100)
    .select('id', 'number', 'name', 'state', 'created_at')
}
