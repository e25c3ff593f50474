import { defineModule } from '../../core/host/module.js'
import { sealHooks } from './hooks.js'
import { sealSettings } from './models/settings.js'
import { addSealPages } from './routes/pages.js'
import { sealJob } from './services/seal-job.js'
import { settingsFields } from './views/settings-fields.js'

export default defineModule({
  name: 'seal',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'الأختام', en: 'Seals', bg: 'Печати' },
  summary: {
    ar: 'تصميم ختم المنشأة ووضعه على المستندات مع توقيع رقمي',
    en: "Design of the company's seal, put under documents together with a digital signature",
    bg: 'Дизайн на печата на фирмата и поставянето му върху документи с цифров подпис',
  },
  depends: [],
  setup(setup) {
    const { host } = setup
    for (const [name, kind] of sealHooks) setup.hooks.declare(name, kind)
    setup.group('seal.user', { ar: 'الأختام: مستخدم', en: 'Seals: user', bg: 'Печати: потребител' })
    setup.group('seal.manager', { ar: 'الأختام: مدير', en: 'Seals: administrator', bg: 'Печати: администратор' }, ['seal.user'])
    setup.settings({ schema: sealSettings, fields: settingsFields })
    setup.jobs.define('seal.apply', sealJob(host))
    addSealPages(setup.routes, host)
    setup.views.menu({
      app: 'seal',
      label: 'seal.menu',
      icon: 'rosette',
      href: '/app/seal/designs',
      order: 60,
      news: async (transaction) => {
        const rows: { count: string | number }[] = await transaction
          .knex('seal_design')
          .where({ company_id: transaction.companyId })
          .count({ count: '*' })
        return { text: 'seal.home', params: { count: Number(rows[0]?.count ?? 0) } }
      },
    })
    setup.views.menu({ app: 'seal', label: 'seal.designs.title', icon: 'rosette', href: '/app/seal/designs', order: 1, parent: true })
    setup.views.menu({
      app: 'seal',
      label: 'seal.applications.title',
      icon: 'file',
      href: '/app/seal/applications',
      order: 2,
      parent: true,
    })
  },
})
