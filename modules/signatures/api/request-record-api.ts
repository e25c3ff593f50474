import { z } from 'zod'
import { readEvents } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { documentAnswer, documentNames, documents } from './request-documents.js'
import { idOf, user, type RequestRoutes } from './request-routes.js'

const eventShape = z.object({
  sequence: z.number().int(),
  at: z.iso.datetime(),
  type: z.string(),
  signer_id: z.uuid().nullable(),
  actor: z.looseObject({}),
  origin: z.looseObject({}),
  facts: z.looseObject({}),
  /** Hexadecimal; see the event log of the request for how it is made. */
  hash: z.string(),
})

/** What is kept of a request: its event log and its files. */
export function addRecordRoutes({ host, routes, base, tag, inCompany }: RequestRoutes): void {
  routes.api({
    method: 'get',
    path: `${base}/:id/events`,
    summary: 'The event log of a request, each entry bound to the one before by its hash',
    tag,
    groups: user,
    response: z.object({ data: z.array(eventShape) }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const events = await readEvents(transaction, request.id)
        const data = events.map(({ requestId: _request, signerId, at, hash, ...rest }) => ({
          ...rest,
          at: at.toISOString(),
          signer_id: signerId,
          hash: hash.toString('hex'),
        }))
        return { data }
      }),
  })

  routes.api({
    method: 'get',
    path: `${base}/:id/documents`,
    summary: 'Which files of a request exist: name and SHA-256',
    tag,
    groups: user,
    response: z.object({ data: z.array(z.object({ name: z.string(), sha256: z.string(), path: z.string() })) }),
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        const data = Object.entries(documents).flatMap(([name, { column }]) => {
          const sha256 = request[column]
          return sha256 === null ? [] : [{ name, sha256, path: `/api/v1${base}/${request.id}/documents/${name}` }]
        })
        return { data }
      }),
  })

  routes.api({
    method: 'get',
    path: `${base}/:id/documents/:name`,
    summary: `A file of a request: ${documentNames.join(', ')}`,
    tag,
    groups: user,
    response: { mediaType: 'application/octet-stream' },
    handle: ({ context, params }) =>
      inCompany(context, async (transaction) => {
        const request = await readRequest(transaction, idOf(params['id'], 'SIGNATURES-REQUEST-UNKNOWN'))
        return documentAnswer(host, transaction, request, params['name'] ?? '')
      }),
  })
}
