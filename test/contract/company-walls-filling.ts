import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import { demoContract } from '../../modules/employment/demonstration.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import { createBulk, startBulk } from '../../modules/signatures/bulk/bulk.js'
import type { TestHost } from '../helpers/test-host.js'
import { WebClient } from '../helpers/web-client.js'

/** Stands in every text of the first company; nobody else may ever be shown it. */
export const mark = 'WALLS-SECRET-MARK'
export const password = 'a long enough password'

/** Something of everything that a company can have. */
export async function fill(running: TestHost, url: string, context: CompanyContext): Promise<void> {
  const { host } = running
  const groups = ['invoicing.manager', 'contacts.manager', 'signatures.manager']
  const secret = (await host.access.createApiKey(context, `${mark} filler`, groups)).secret
  let calls = 0
  const call = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        'idempotency-key': `${mark}-${path}-${String((calls += 1))}`,
      },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${path} ${text}`)
    return JSON.parse(text)
  }
  await call('/contacts', { name: `${mark} Contact` })
  const taxes: { code: string }[] = await host.db.company(context.companyId, ({ knex }) => knex('invoicing_tax').select('code'))
  const input = {
    customer: { name: `${mark} Buyer`, address: { country: 'QA' } },
    currency: 'SAR',
    lines: [{ description: `${mark} thing`, quantity: '1', unitPrice: '10.00', tax: taxes[0]?.code ?? '' }],
  }
  const [posted] = await postInvoices(host, context, [{ input, idempotencyKey: `${mark}-key` }])
  assert.equal(posted?.status, 'posted', JSON.stringify(posted))
  await call('/invoices?draft=true', input)
  await host.jobs.drain()
  const client = new WebClient(url)
  await client.login('one', password)
  assert.equal((await client.post('/app/invoicing/invoice/favourite', { name: `${mark} favourite`, query: '?q=a' })).status, 303)
  await fillSignatures(running, url, context, client, call)
}

/** A contract that is sent and opened, a template with a public link and a table, somebody who is told. */
async function fillSignatures(
  running: TestHost,
  url: string,
  context: CompanyContext,
  client: WebClient,
  call: (path: string, body: object) => Promise<unknown>,
): Promise<void> {
  const { host } = running
  await host.db.company(context.companyId, (transaction) =>
    host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false }),
  )
  await demoContract(host, context, { employee: `${mark}@example.test`.toLowerCase(), representative: 'manager@example.test' })
  await call('/webhooks', { name: `${mark} receiver`, url: 'https://receiver.example.test/hook' })
  const template = (await call('/templates', {
    name: `${mark} template`,
    locale: 'en',
    roles: [{ id: 'first', name: `${mark} role` }],
    content: {
      kind: 'text',
      languages: ['en'],
      title: { en: `${mark} text` },
      clauses: [{ body: { en: `${mark} clause\n\n[[signature:first:sign]]` } }],
      mergeFields: [],
    },
  })) as { id: string } // our own answer
  const signer = { role: 'first', name: `${mark} person`, email: 'person@example.test' }
  const made = (await call('/sign-requests', { template_id: template.id, signers: [signer], send_email: false })) as {
    id: string
    signers: { id: string }[]
  } // our own answer
  await call('/sign-requests', { template_id: template.id, signers: [signer], send: false })
  const { url: link } = (await call(`/sign-requests/${made.id}/signers/${made.signers[0]?.id ?? ''}/link`, {})) as { url: string }
  const path = new URL(link).pathname
  const visitor = new WebClient(url)
  await visitor.get(path)
  assert.equal((await visitor.post(`${path}/begin`, {})).status, 303)
  const walkIn = await client.post(`/app/signatures/template/${template.id}/links`, { name: `${mark} link`, role: 'first' })
  assert.equal(walkIn.status, 303, walkIn.text)
  const table = Buffer.from(`Name,Email\n${mark} one,one@example.test\n`)
  const bulk = await createBulk(host, context, { name: `${mark}.csv`, bytes: table }, template.id)
  await host.db.company(context.companyId, (transaction) => startBulk(host, transaction, context, bulk, () => []))
  await host.jobs.drain()
}
