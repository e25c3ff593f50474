import { defineModule } from '../../core/host/module.js'
import { credentialsHooks } from './hooks.js'
import { remindOfExpiry } from './reminders.js'
import { addApprovalPages } from './routes/approvals.js'
import { addDeskPages } from './routes/desks.js'
import { addKeyPages } from './routes/pages.js'
import { addTokenPages } from './routes/tokens.js'

export default defineModule({
  name: 'credentials',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'المفاتيح والشهادات', en: 'Keys and certificates', bg: 'Ключове и сертификати' },
  summary: {
    ar: 'مفاتيح التوقيع وشهاداتها: إنشاء واستيراد وطلب شهادة وتثبيتها وإيقاف مفتاح مفقود',
    en: 'Signing keys and their certificates: generate, import, request, install, and stop a lost key',
    bg: 'Ключове за подписване и сертификатите им: създаване, внасяне, заявка, инсталиране и спиране на изгубен ключ',
  },
  depends: [],
  always: true,
  setup(setup) {
    for (const [name, kind] of credentialsHooks) setup.hooks.declare(name, kind)
    setup.group('credentials.user', { ar: 'المفاتيح: اطلاع', en: 'Keys: viewer', bg: 'Ключове: преглед' })
    setup.group('credentials.manager', { ar: 'المفاتيح: مدير', en: 'Keys: administrator', bg: 'Ключове: администратор' }, [
      'credentials.user',
    ])
    setup.group('credentials.approver', { ar: 'المفاتيح: موافق', en: 'Keys: approver', bg: 'Ключове: одобряващ' })
    addKeyPages(setup.routes, setup.host)
    addDeskPages(setup.routes, setup.host)
    addTokenPages(setup.routes, setup.host)
    addApprovalPages(setup.routes, setup.host)
    setup.views.menu({ app: 'credentials', label: 'credentials.menu', icon: 'key', href: '/app/credentials/keys', order: 70 })
    const menu = (label: string, icon: string, href: string, order: number, group?: string): void => {
      const shown = group === undefined ? {} : { group }
      setup.views.menu({ app: 'credentials', label, icon, href: `/app/credentials/${href}`, order, parent: true, ...shown })
    }
    menu('credentials.title', 'key', 'keys', 10, 'credentials.user')
    menu('credentials.approvals', 'check', 'approvals', 20)
    menu('credentials.sources', 'plug', 'sources', 30, 'credentials.manager')
    menu('credentials.desks', 'edit', 'desks', 40)
    setup.jobs.define('credentials.remind', (_payload, call) => remindOfExpiry(setup.host, call))
    setup.jobs.schedule('credentials.remind', '20 5 * * *')
  },
})
