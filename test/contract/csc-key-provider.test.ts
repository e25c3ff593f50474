import { softHsmIsHere } from '../../core/signing/test/soft-token.js'
import { openSandboxService, openSignerWithFiles, openSignerWithToken } from './csc-providers.js'
import { describeKeyProvider } from './key-provider-contract.js'

describeKeyProvider('CSC 1.0.4.0 (sandbox service)', () => openSandboxService('1'))
describeKeyProvider('CSC 2.0.0.2 (sandbox service)', () => openSandboxService('2'))
describeKeyProvider('CSC 1.0.4.0 (khatm signer, keys in files, mutual TLS)', () => openSignerWithFiles('1'))
describeKeyProvider('CSC 2.0.0.2 (khatm signer, keys in files, mutual TLS)', () => openSignerWithFiles('2'))
if (softHsmIsHere) describeKeyProvider('CSC 2.0.0.2 (khatm signer, SoftHSM2, mutual TLS)', openSignerWithToken)
else {
  describe('key provider contract: CSC 2.0.0.2 (khatm signer, SoftHSM2, mutual TLS)', () => {
    it('needs the Debian package softhsm2')
  })
}
