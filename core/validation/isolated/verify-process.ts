import { loadModules } from '../../host/load-modules.js'
import { createOnlineSource } from '../../signing/revocation/online-source.js'
import { createVerifiers } from '../create-verifiers.js'
import type { RevocationSource } from '../revocation/evidence.js'
import { openTrust, withPinned } from '../trust/open-trust.js'
import type { DocumentVerdict } from '../verdict.js'
import type { VerifyAnswer, VerifyProcessSettings, VerifyQuestion } from './messages.js'

/** Verifies files for another process: what a hostile file does to this one, it does to nobody else. */
const settings = JSON.parse(process.argv[2] ?? '{}') as VerifyProcessSettings // written by IsolatedVerifiers alone
const { config } = settings
const source: RevocationSource | undefined = config.validation.online
  ? createOnlineSource({ allowPrivate: config.allowedPrivateOrigins })
  : undefined

const verifiers = createVerifiers()
const loaded = await loadModules(config)
for (const module of loaded.standing()) for (const verifier of module.records.verifiers) verifiers.add(verifier)

async function answer(question: VerifyQuestion): Promise<DocumentVerdict> {
  // Opened each time: what an operator pins or imports counts from the next file on.
  const trust = openTrust({ dataDir: config.dataDir, trustFiles: config.validation.trustFiles, now: new Date() })
  const named = question.trust.map((der) => Buffer.from(der))
  const verdict = await verifiers.verify(question.file, question.bytes, {
    trust: [...trust.anchors, ...named],
    ...(question.at === undefined ? {} : { at: question.at }),
    ...(question.content === undefined ? {} : { content: question.content }),
    ...(source === undefined ? {} : { source }),
    ...(trust.qualifier === undefined ? {} : { qualifier: withPinned(trust.qualifier, named) }),
  })
  return { ...verdict, findings: [...verdict.findings, ...trust.findings] }
}

process.on('message', (message) => {
  const question = message as VerifyQuestion // sent by IsolatedVerifiers alone
  void answer(question)
    .catch((error: unknown): DocumentVerdict => {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'error'
      const findings = [{ code: 'VERIFY-UNREADABLE', params: { verifier: '', reason } }]
      return { file: question.file, verdict: 'failed', integrity: 'none', signatures: [], findings }
    })
    .then((verdict) => process.send?.({ id: question.id, verdict } satisfies VerifyAnswer))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
