import type { ModuleSetup } from '../../../core/host/module.js'
import { EvidencePackVerifier } from './judge-pack.js'

/** Registers what belongs to evidence: the verifier of evidence packs. */
export function addEvidence(setup: ModuleSetup): void {
  setup.verifiers.add(new EvidencePackVerifier())
}
