import { RunAgain, type JobCall } from '../../../../core/jobs/jobs.js'
import type { Host, ModuleSetup } from '../../../../core/host/module.js'
import { sealRequest } from './seal-request.js'
import { sealingAgain } from './sealing-rows.js'
import { signSubmitted } from './sign-submitted.js'
import { sweep } from './sweep.js'

/** Jobs of signatures and seals. */
export function addSigning(setup: ModuleSetup): void {
  const { host } = setup
  setup.jobs.define('signatures.sign', signJob(host))
  setup.jobs.define('signatures.seal', sealJob(host))
  setup.jobs.define('signatures.sweep', (_payload: object, call: JobCall) => sweep(host, call.context))
  // What a dead process or a lost job left behind is found within ten minutes.
  setup.jobs.schedule('signatures.sweep', '*/10 * * * *')
}

function signJob(host: Host) {
  return async ({ requestId, signerId }: { requestId: string; signerId: string }, call: JobCall): Promise<void> => {
    const { again } = await signSubmitted(host, call.context, requestId, signerId)
    if (again !== undefined) throw new RunAgain(again.at, again.code)
  }
}

function sealJob(host: Host) {
  return async ({ requestId }: { requestId: string }, call: JobCall): Promise<void> => {
    const request = await sealRequest(host, call.context, requestId)
    const again = await sealingAgain(host, call.context, request)
    if (again !== undefined) throw new RunAgain(again.at, again.code)
  }
}
