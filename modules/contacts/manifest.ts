import { defineModule } from '../../core/host/module.js'
import { contactsHooks } from './hooks.js'

export default defineModule({
  name: 'contacts',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'جهات الاتصال', en: 'Contacts', bg: 'Контакти' },
  summary: {
    ar: 'الأشخاص والشركات وعناوينهم ومعرّفاتهم',
    en: 'People and companies, their addresses and identifiers',
    bg: 'Хора и фирми, техните адреси и идентификатори',
  },
  depends: [],
  setup(setup) {
    for (const [name, kind] of contactsHooks) setup.hooks.declare(name, kind)
    setup.group('contacts.user', { ar: 'مستخدم جهات الاتصال', en: 'Contacts: user', bg: 'Контакти: потребител' })
    setup.group('contacts.manager', { ar: 'مدير جهات الاتصال', en: 'Contacts: administrator', bg: 'Контакти: администратор' }, [
      'contacts.user',
    ])
  },
})
