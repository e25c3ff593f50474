import { defineModule } from '../../core/host/module.js'
import { contactsHooks } from './hooks.js'
import { contactsApi } from './routes/contacts-api.js'
import { quickContactPages } from './routes/quick-contact.js'
import { importPages } from './routes/import-pages.js'
import { runImport } from './services/import/run-import.js'
import { companyIdentifiers } from './views/company-identifiers.js'
import { checkCompanyNumbers } from './services/company-numbers.js'
import { contactViews } from './views/contact-views.js'

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
    const { host } = setup
    for (const [name, kind] of contactsHooks) setup.hooks.declare(name, kind)
    setup.group('contacts.user', { ar: 'مستخدم جهات الاتصال', en: 'Contacts: user', bg: 'Контакти: потребител' })
    setup.group('contacts.manager', { ar: 'مدير جهات الاتصال', en: 'Contacts: administrator', bg: 'Контакти: администратор' }, [
      'contacts.user',
    ])
    setup.jobs.define<{ importId: string }>('contacts.import', ({ importId }, call) => runImport(host, importId, call))
    contactViews(setup)
    companyIdentifiers(setup)
    checkCompanyNumbers(setup)
    contactsApi(setup)
    importPages(setup)
    quickContactPages(setup)
    setup.views.menu({
      app: 'contacts',
      label: 'contacts.app',
      icon: 'address-book',
      href: '/app/contacts/contact',
      order: 20,
      group: 'contacts.user',
      news: async (transaction) => {
        const rows: { count: string | number }[] = await transaction
          .knex('contacts_contact')
          .where({ company_id: transaction.companyId })
          .count({ count: '*' })
        return { text: 'contacts.home', params: { count: Number(rows[0]?.count ?? 0) } }
      },
    })
    setup.views.menu({
      app: 'contacts',
      label: 'contacts.list.contacts',
      icon: 'users',
      href: '/app/contacts/contact',
      order: 10,
      group: 'contacts.user',
      parent: true,
    })
    setup.views.menu({
      app: 'contacts',
      label: 'contacts.import.title',
      icon: 'upload',
      href: '/app/contacts/import',
      order: 20,
      group: 'contacts.manager',
      parent: true,
    })
  },
})
