import { defineModule } from '../../core/host/module.js'
import { IsolatedVerifiers } from '../../core/validation/isolated/isolated-verifiers.js'
import { addPublicPages } from './routes/public-pages.js'
import { RecentVerdicts } from './services/verdicts.js'

export default defineModule({
  name: 'verification',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'التحقق', en: 'Verification', bg: 'Проверка' },
  summary: {
    ar: 'صفحة عامة للتحقق من المستندات الموقعة',
    en: 'Public page that checks signed documents',
    bg: 'Публична страница за проверка на подписани документи',
  },
  always: true,
  depends: [],
  setup(setup) {
    const { host } = setup
    let isolated: IsolatedVerifiers | undefined
    setup.onStart(() => {
      const { modules, dataDir, validation, allowedPrivateOrigins } = host.config
      isolated = new IsolatedVerifiers({ config: { modules, dataDir, validation, allowedPrivateOrigins } })
      return Promise.resolve()
    })
    setup.onStop(() => {
      isolated?.close()
      return Promise.resolve()
    })
    addPublicPages(setup.routes, {
      host,
      recent: new RecentVerdicts(() => host.now()),
      judge: (file, bytes, content) => {
        if (isolated === undefined) throw new Error('verification before the start of the host')
        const trust = host.config.sandbox.trustAnchors.map((text) => Buffer.from(text, 'base64'))
        return isolated.verify({ file, bytes, trust, ...(content === undefined ? {} : { content }) })
      },
    })
  },
})
