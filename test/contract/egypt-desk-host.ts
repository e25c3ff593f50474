import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { writeHeapSnapshot } from 'node:v8'
import { until } from '../../core/agent/test/desk-house.js'
import { AgentKeyProvider } from '../../core/signing/keys/agent/agent-provider.js'
import { signEtaDocuments } from '../../modules/compliance-egypt/index.js'
import { signatureRows } from '../../modules/compliance-egypt/signing/signature-rows.js'
import { egyptRin, etaDocument } from '../../modules/compliance-egypt/test/signing-house.js'
import { startSandbox } from '../../modules/sandbox/index.js'
import { startTestHost } from '../helpers/test-host.js'

/**
 * A whole host in a process of its own whose key is on somebody's desk: gives a pairing code, adopts the key the desk shows, has a batch
 * signed, then lays down everything a PIN could have got into. Arguments: folder, number of documents. Talks by lines of JSON.
 */
const [folder = '', count = '200'] = process.argv.slice(2)
const tell = (facts: object): void => {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const next = async (): Promise<string> => String((await lines.next()).value)

const sandbox = await startSandbox({ dataDir: path.join(folder, 'sandbox') })
const running = await startTestHost({
  config: {
    allowedPrivateOrigins: [new URL(sandbox.url).origin],
    signing: { agent: { waitSeconds: 90, waitWithoutDeskSeconds: 0.5, requestHours: 72 } },
  },
})
const { host } = running
const context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
await host.modules.enable(context, 'compliance-egypt')
const company = await host.access.company(context.companyId)
const inCompany = <Result>(work: Parameters<typeof host.db.company<Result>>[1]): Promise<Result> => host.db.company(context.companyId, work)
const provider = host.signing.provider('agent')
if (!(provider instanceof AgentKeyProvider)) throw new TypeError('agent')

const { port } = await running.listen()
const { code } = await inCompany((transaction) => provider.desks.newCode(transaction, context))
tell({ url: `http://127.0.0.1:${String(port)}`, code })
const found = await until(
  'the desk tells its key',
  async () => {
    const [desk] = await inCompany((transaction) => provider.desks.list(transaction))
    const [token] = desk?.tokens ?? []
    const [key] = token?.keys ?? []
    return desk === undefined || token === undefined || key === undefined
      ? undefined
      : provider.foundKey(context.companyId, { agentId: desk.id, tokenSerial: token.serial, keyId: key.keyId })
  },
  60_000,
)
const key = await inCompany((transaction) =>
  host.signing.adoptKey(transaction, context, { ...found, name: 'Token', purposes: ['stamp-e-invoice'], provider: 'agent' }),
)
const chain = await sandbox.issueCertificate({
  spki: key.publicKey,
  subject: [
    { type: 'C', value: 'EG' },
    { type: 'O', value: 'شركة المثال التجارية' },
    { type: 'ORGANIZATIONIDENTIFIER', value: `VATEG-${egyptRin}` },
    { type: 'CN', value: 'شركة المثال التجارية' },
  ],
  profile: 'egypt-invoice',
})
await inCompany((transaction) => host.signing.installCertificates(transaction, context, key.id, chain))
writeFileSync(path.join(folder, 'chain.json'), JSON.stringify(chain.map((der) => der.toString('base64'))))
tell({ adopted: true })

const documents = Array.from({ length: Number(count) }, (_, index) =>
  etaDocument(`INV/2026/${String(index + 1).padStart(5, '0')}`, `${String(100 + index)}.50`),
)
for (let round = await next(); round !== 'end'; round = await next()) {
  const started = performance.now()
  try {
    const signed = await signEtaDocuments(host, context, company, documents)
    for (const [index, legal] of signed.entries())
      if (legal !== null) writeFileSync(path.join(folder, `${String(index)}.json`), legal.bytes)
    const rows = await inCompany((transaction) =>
      signatureRows(
        transaction,
        documents.map(({ invoiceId }) => invoiceId),
      ),
    )
    tell({
      signed: signed.filter((legal) => legal !== null).length,
      times: [...new Set([...rows.values()].map(({ signedAt }) => signedAt.toISOString()))],
      control: [...rows.values()][0]?.evidence?.soleControl,
      milliseconds: Math.round(performance.now() - started),
    })
  } catch (error) {
    tell({ error: String(error) })
  }
}
// Every row of every table as text: what a dump of the database holds.
const dump = await inCompany(async ({ knex }) => {
  const { rows: tables } = await knex.raw<{ rows: { name: string }[] }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
  )
  const all: string[] = []
  for (const { name } of tables) {
    const { rows } = await knex.raw<{ rows: { line: string }[] }>(`select t::text as line from ${name} t`)
    all.push(...rows.map(({ line }) => `${name} ${line}`))
  }
  return all
})
writeFileSync(path.join(folder, 'dump.txt'), dump.join('\n'))
writeHeapSnapshot(path.join(folder, 'host.heapsnapshot'))
tell({ rows: dump.length })
await next()
await running.stop()
await sandbox.close()
process.exit(0)
