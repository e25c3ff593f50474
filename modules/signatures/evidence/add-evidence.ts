import type { ModuleSetup } from '../../../core/host/module.js'
import { EvidencePackVerifier } from './judge-pack.js'
import { runRetention } from './retention.js'
import { addRetentionPages } from './retention-pages.js'
import { readDuties } from './retention-duties.js'

/** Registers what belongs to evidence: the verifier of evidence packs, and the retention rule, every night. */
export function addEvidence(setup: ModuleSetup): void {
  const { host } = setup
  setup.verifiers.add(new EvidencePackVerifier())
  setup.jobs.define('signatures.retention', async (_payload, { context }) => {
    await runRetention(host, context)
  })
  addRetentionPages(setup)
  setup.jobs.schedule('signatures.retention', '40 1 * * *')
  // A table of duties that cannot be read stops the module at its start, not the job in the night.
  setup.onStart(() => {
    readDuties()
    return Promise.resolve()
  })
}
