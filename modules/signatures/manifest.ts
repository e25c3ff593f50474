import { defineModule } from '../../core/host/module.js'
import { requestsApi } from './api/requests-api.js'
import { templatesApi } from './api/templates-api.js'
import { webhooksApi } from './api/webhooks-api.js'
import { addBulkSending } from './bulk/bulk-pages.js'
import { addEvidence } from './evidence/add-evidence.js'
import { signaturesHooks } from './hooks.js'
import { signaturesSettings } from './models/settings.js'
import { addSigning } from './services/signing/add-signing.js'
import { addRequestViews } from './views/request-views.js'
import { addTemplatePages } from './routes/template-pages.js'
import { addEditorPages } from './routes/editor-pages.js'
import { addSignerPages } from './routes/signer-pages.js'
import { settingsFields } from './views/settings-fields.js'
import { addWalkIns } from './walk-in/walk-in-pages.js'
import { addWebhooks } from './webhooks/webhook-pages.js'

export default defineModule({
  name: 'signatures',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'التوقيع الإلكتروني', en: 'Sign', bg: 'Подписване' },
  summary: {
    ar: 'إرسال العقود والمستندات للتوقيع ومتابعتها حتى تُختم',
    en: 'Contracts and documents sent for signature, followed until they are sealed',
    bg: 'Договори и документи, изпратени за подпис и проследени до подпечатването им',
  },
  depends: ['contacts', 'seal', 'verification'],
  extends: ['invoicing'],
  setup(setup) {
    for (const [name, kind] of signaturesHooks) setup.hooks.declare(name, kind)
    setup.group('signatures.user', { ar: 'التوقيع: مستخدم', en: 'Sign: user', bg: 'Подписване: потребител' }, ['contacts.user'])
    setup.group('signatures.manager', { ar: 'التوقيع: مدير', en: 'Sign: administrator', bg: 'Подписване: администратор' }, [
      'signatures.user',
    ])
    addTemplatePages(setup)
    addEditorPages(setup)
    addEvidence(setup)
    setup.settings({ schema: signaturesSettings, fields: settingsFields })
    addSignerPages(setup)
    addSigning(setup)
    addRequestViews(setup)
    addBulkSending(setup)
    addWalkIns(setup)
    addWebhooks(setup)
    requestsApi(setup)
    templatesApi(setup)
    webhooksApi(setup)
  },
})
