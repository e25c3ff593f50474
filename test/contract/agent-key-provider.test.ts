import { DeskHouse } from '../../core/agent/test/desk-house.js'
import { until } from '../helpers/until.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import type { KeyAlgorithm } from '../../core/signing/key.js'
import { describeKeyProvider } from './key-provider-contract.js'

const types: Partial<Record<KeyAlgorithm, [type: string, identifier: string]>> = {
  'rsa-2048': ['rsa:2048', '01'],
  'rsa-3072': ['rsa:3072', '02'],
  'ec-p256': ['EC:prime256v1', '03'],
  'ec-p384': ['EC:secp384r1', '04'],
  'ec-secp256k1': ['EC:secp256k1', '05'],
}

if (softHsmIsHere) {
  describeKeyProvider('agent: host, web socket, desk, SoftHSM2', async () => {
    const token = new SoftToken('desk')
    for (const [algorithm, [type, identifier]] of Object.entries(types)) token.generate(type, identifier, algorithm)
    const house = await DeskHouse.open({ waitWithoutDeskSeconds: 20 })
    const paired = await house.pair()
    const desk = await house.desk(paired, { keepUnlockedMinutes: 5 })
    // The contract gives no uses, so the unattended desk would leave everything: a person signs whatever comes.
    const sign = (): void => {
      const ids = desk.pending.map(({ offer }) => offer.id)
      if (ids.length > 0) void desk.sign(ids, Buffer.from(token.pin)).catch(() => undefined)
    }
    desk.bell.on('change', sign)
    await until('the host knows the keys', async () => {
      const desks = await house.scratch.database.company(house.companyId, (transaction) => house.provider.desks.list(transaction))
      return desks[0]?.tokens[0]?.keys.length === 5
    })
    const serial = desk.tokens.present[0]?.token.serial ?? ''
    return {
      provider: house.provider,
      key: async (algorithm: KeyAlgorithm) => {
        const type = types[algorithm]
        if (type === undefined) return undefined
        const wanted = { agentId: paired.pairing.agentId, tokenSerial: serial, keyId: type[1] }
        const found = await house.provider.foundKey(house.companyId, wanted)
        return { reference: { keyId: algorithm, companyId: house.companyId, algorithm, stored: found.stored }, publicKey: found.publicKey }
      },
      unknown: { keyId: 'x', companyId: house.companyId, algorithm: 'ec-p256', stored: {} },
      atOnce: 200,
      close: async () => {
        desk.bell.off('change', sign)
        await desk.close()
        await house.end()
        token.remove()
      },
    }
  })
} else {
  describe('key provider contract: agent', () => {
    it('needs the Debian package softhsm2')
  })
}
