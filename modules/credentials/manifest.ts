import { defineModule } from '../../core/host/module.js'
import { addKeyPages } from './routes/pages.js'

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
    setup.group('credentials.user', { ar: 'المفاتيح: اطلاع', en: 'Keys: viewer', bg: 'Ключове: преглед' })
    setup.group('credentials.manager', { ar: 'المفاتيح: مدير', en: 'Keys: administrator', bg: 'Ключове: администратор' }, [
      'credentials.user',
    ])
    addKeyPages(setup.routes, setup.host)
    setup.views.menu({ app: 'credentials', label: 'credentials.menu', icon: 'key', href: '/app/credentials/keys', order: 70 })
  },
})
