import { createRequire } from 'node:module'
import type * as pkcs11 from 'pkcs11js'

/**
 * The bare library in a process of its own, eight sessions of C_SignAsync: what our service is measured against. Told
 * through its channel to sign for so many milliseconds, it answers how often it did and what CPU it took.
 */
const [library = '', label = '', pin = '', keyLabel = ''] = process.argv.slice(2)
const p = createRequire(import.meta.url)('pkcs11js') as typeof pkcs11 // the package's own types
const module = new p.PKCS11()
module.load(library)
module.C_Initialize({ flags: p.CKF_OS_LOCKING_OK })
const slot = module.C_GetSlotList(true).find((one) => module.C_GetTokenInfo(one).label.trim() === label)
if (slot === undefined) throw new RangeError(label)
const sessions = Array.from({ length: 8 }, () => module.C_OpenSession(slot, p.CKF_SERIAL_SESSION))
const [first] = sessions
if (first === undefined) throw new RangeError('sessions')
module.C_Login(first, p.CKU_USER, pin)
module.C_FindObjectsInit(first, [
  { type: p.CKA_CLASS, value: p.CKO_PRIVATE_KEY },
  { type: p.CKA_LABEL, value: keyLabel },
])
const [key] = module.C_FindObjects(first, 1)
module.C_FindObjectsFinal(first)
if (key === undefined) throw new RangeError(keyLabel)
const rsa = keyLabel.startsWith('rsa')
const mechanism = rsa ? p.CKM_RSA_PKCS : p.CKM_ECDSA
// DigestInfo of a SHA-256, or the bare digest.
const data = rsa ? Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), Buffer.alloc(32, 5)]) : Buffer.alloc(32, 5)

process.on('message', (milliseconds: number) => {
  const [before, started] = [process.cpuUsage(), performance.now()]
  let done = 0
  const lane = async (session: pkcs11.Handle): Promise<void> => {
    while (performance.now() - started < milliseconds) {
      module.C_SignInit(session, { mechanism }, key)
      await module.C_SignAsync(session, data, Buffer.alloc(1024))
      done++
    }
  }
  void Promise.all(sessions.map(lane)).then(() => {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ done, milliseconds: performance.now() - started, cpuMicroseconds: user + system })
  })
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
