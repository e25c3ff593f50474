import { openSandboxService } from './csc-providers.js'
import { describeKeyProvider } from './key-provider-contract.js'

describeKeyProvider('CSC 1.0.4.0 (sandbox service)', () => openSandboxService('1'))
describeKeyProvider('CSC 2.0.0.2 (sandbox service)', () => openSandboxService('2'))
