import { defineModule } from '../../core/host/module.js'
import { startAuthorities } from './authorities.js'

/** Brings texts and the command `khatm sandbox`; companies that talk to the sandbox are marked by the host's own banner. */
export default defineModule({
  name: 'sandbox',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'البيئة التجريبية', en: 'Sandbox', bg: 'Тестова среда' },
  summary: {
    ar: 'جهات تجريبية على هذا الجهاز: شهادات وختم وقت وبريد وخادم «فاتورة»',
    en: 'Authorities on this machine for trials: certificates, time stamps, mail and a Fatoora server',
    bg: 'Тестови органи на този компютър: удостоверения, времеви печати, поща и сървър Fatoora',
  },
  depends: [],
  setup() {
    // Nothing to register: the authorities run beside the host and are reached over the network like real ones.
  },
  startAuthorities,
})
