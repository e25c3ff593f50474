import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { writeHeapSnapshot } from 'node:v8'
import { agentProviderOf } from '../../core/signing/keys/agent/agent-provider.js'
import { deskProgress } from '../../core/signing/keys/agent/document-standings.js'
import { prepareSandboxCompany } from '../../modules/compliance-egypt/company/sandbox-company.js'
import { egyptDemonstration } from '../../modules/compliance-egypt/demonstration.js'
import { examinationDossier } from '../../modules/compliance-egypt/law/examination-dossier.js'
import { retryNow } from '../../modules/compliance/services/process.js'
import { dumpTables } from '../helpers/table-dump.js'
import { placeHostDatabase, startTestHost } from '../helpers/test-host.js'
import { until } from '../helpers/until.js'

/**
 * A host in a process of its own, with pages and jobs, on an embedded database that outlives it; the keys of its Egyptian company are on
 * somebody's desk. Arguments: folder, port, address of the sandbox authorities, their trust anchors. Talks by lines of JSON.
 */
const [folder = '', port = '0', sandboxUrl = '', trustAnchors = '[]'] = process.argv.slice(2)
const dataDir = path.join(folder, 'data')
const tell = (facts: object): void => {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
const fresh = process.argv.includes('fresh')
if (fresh) await placeHostDatabase(dataDir)
const running = await startTestHost({
  dataDir,
  role: { web: true, worker: true },
  config: {
    port: Number(port),
    logLevel: 'info',
    allowedPrivateOrigins: [new URL(sandboxUrl).origin],
    sandbox: { url: sandboxUrl, trustAnchors: JSON.parse(trustAnchors) as string[] }, // given by egypt-desk.test.ts
  },
})
const { host } = running
const known = (await host.access.companies())[0]
const context =
  known === undefined ? await running.company({ ...egyptDemonstration().company }) : await host.access.systemContext(known.id, 'cli')
if (fresh) await host.modules.enable(context, 'compliance-egypt')
const company = await host.access.company(context.companyId)
const inCompany = <Result>(work: Parameters<typeof host.db.company<Result>>[1]): Promise<Result> => host.db.company(context.companyId, work)
const provider = agentProviderOf(host.signing)
await running.listen()

const answers: Readonly<Record<string, (argument: string) => Promise<object>>> = {
  code: async () => ({ code: (await inCompany((transaction) => provider.desks.newCode(transaction, context))).code }),
  apiKey: async () => ({ secret: (await host.access.createApiKey(context, 'shop', ['invoicing.user'])).secret }),
  /** Takes every key the desk shows into use, as a person would who does not know which is which. */
  adopt: async () => {
    const desk = await until(
      'the desk shows its keys',
      async () => (await inCompany((transaction) => provider.desks.list(transaction))).find(({ tokens }) => tokens.length > 0),
      60_000,
    )
    const adopted: string[] = []
    for (const token of desk.tokens)
      for (const { keyId, label } of token.keys) {
        const found = await provider.foundKey(context.companyId, { agentId: desk.id, tokenSerial: token.serial, keyId })
        await inCompany((transaction) =>
          host.signing.adoptKey(transaction, context, { ...found, name: label, purposes: ['stamp-e-invoice'] }),
        )
        adopted.push(label)
      }
    await prepareSandboxCompany(host, context, company)
    return { adopted: adopted.sort(), keys: (await inCompany((transaction) => host.signing.keys(transaction))).length }
  },
  status: async () => {
    const { rows } = await inCompany(({ knex }) =>
      knex.raw<{ rows: { number: string; state: string; code: string | null; held: boolean; invoiceId: string; sha256: string | null }[] }>(
        `select number, state, last_error ->> 'code' as code, held, invoice_id as "invoiceId", legal_sha256 as sha256
         from compliance_document order by number`,
      ),
    )
    return { documents: rows }
  },
  progress: async () => ({ progress: await inCompany((transaction) => deskProgress(transaction)) }),
  evidence: async () => {
    const { rows } = await inCompany(({ knex }) =>
      knex.raw<{ rows: object[] }>(`select evidence, basis from compliance_egypt_signature where state = 'signed' limit 1`),
    )
    return { evidence: rows[0] }
  },
  files: async () => {
    const { rows } = await inCompany(({ knex }) =>
      knex.raw<{ rows: { number: string; sha256: string }[] }>(
        `select number, legal_sha256 as sha256 from compliance_document where legal_sha256 is not null order by number`,
      ),
    )
    for (const [index, { sha256 }] of rows.entries()) {
      const { bytes } = await inCompany((transaction) => host.files.get(transaction, sha256))
      writeFileSync(path.join(folder, `${String(index)}.json`), bytes)
    }
    return { files: rows.length }
  },
  /** Every row of every table as text, and, when asked, this process's memory: what a PIN could have got into. */
  dump: async (argument) => {
    const rows = await dumpTables(host.db, context.companyId, path.join(folder, 'dump.txt'))
    if (argument === 'with-heap') writeHeapSnapshot(path.join(folder, 'host.heapsnapshot'))
    return { rows }
  },
}
tell({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break
  const [word = '', argument = ''] = line.split(' ')
  try {
    if (word === 'retry') tell({ retried: await retryNow(host, context, argument) })
    else if (word === 'dossier') {
      const file = path.join(folder, `dossier-${argument}.zip`)
      writeFileSync(file, await examinationDossier(host, context, argument))
      tell({ file })
    } else tell((await answers[word]?.(argument)) ?? { error: line })
  } catch (error) {
    tell({ error: String(error) })
  }
}
await running.stop()
process.exit(0)
