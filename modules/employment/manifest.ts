import { defineModule } from '../../core/host/module.js'
import { employmentData } from './data/documents.js'
import { demoPapers } from './demonstration.js'
import { employmentSettings } from './models/settings.js'
import { boardPages } from './routes/board-pages.js'
import { bulkPages } from './routes/bulk-pages.js'
import { importPages } from './routes/import-pages.js'
import { sendPages } from './routes/send-pages.js'
import { runBulk } from './services/bulk.js'
import { applyCompleted } from './services/completed.js'
import { employeeSubject } from './services/employees.js'
import { homeNews } from './services/home-news.js'
import { runImport } from './services/import.js'
import { demandLevel } from './services/policy.js'
import { remind } from './services/reminders.js'
import { addDocumentViews } from './views/document-views.js'
import { addEmployeeViews } from './views/employee-views.js'
import { settingsFields } from './views/settings-fields.js'

export default defineModule({
  name: 'employment',
  version: '1.0.0',
  host: '^1',
  title: { ar: 'الموظفون', en: 'Employment', bg: 'Персонал' },
  summary: {
    ar: 'الموظفون وعقود عملهم: تُرسل للتوقيع بنقرة واحدة وتعود موقعة إلى ملف الموظف',
    en: 'Employees and their contracts: sent for signature in one click, back signed on the record',
    bg: 'Служители и трудови договори: изпращат се за подпис с едно кликване и се връщат подписани в досието',
  },
  depends: ['contacts', 'signatures'],
  setup(setup) {
    const { host } = setup
    // A row of data that is wrong fails the module here, before anything is sent with it.
    employmentData()
    setup.group('employment.user', { ar: 'الموظفون: مستخدم', en: 'Employment: user', bg: 'Персонал: потребител' }, ['signatures.user'])
    setup.group(
      'employment.manager',
      { ar: 'الموظفون: مدير (يرى الرواتب)', en: 'Employment: administrator (sees pay)', bg: 'Персонал: администратор (вижда заплатите)' },
      ['employment.user'],
    )
    setup.settings({ schema: employmentSettings, fields: settingsFields })
    // A contract tells what somebody is paid: requests made for employees are for those who may see that.
    setup.recordRule({
      model: 'signatures.request',
      apply: (query, context) => {
        if (context.groups.has('employment.manager')) return
        const kinds = context.groups.has('employment.user') ? ['confidentiality'] : []
        void query.whereRaw(
          `(signatures_request.source_type is distinct from ? or coalesce(signatures_request.metadata -> 'employment' ->> 'kind', '') = any(?))`,
          [employeeSubject, kinds],
        )
      },
    })
    setup.hooks.on('signature.policy', (policy, info, call) => demandLevel(host, policy, info, call))
    setup.hooks.on('demonstration.papers', (info) => demoPapers(host, info))
    setup.hooks.on('request.completed', ({ requestId }, { context }) => applyCompleted(host, context, requestId))
    setup.jobs.define<{ bulkId: string }>('employment.bulk', ({ bulkId }, call) => runBulk(host, bulkId, call))
    setup.jobs.define<{ importId: string }>('employment.import', ({ importId }, call) => runImport(host, importId, call))
    setup.jobs.define('employment.remind', async (_payload, call) => {
      await remind(host, call)
    })
    setup.jobs.schedule('employment.remind', '25 4 * * *')
    addEmployeeViews(setup)
    addDocumentViews(setup)
    boardPages(setup)
    sendPages(setup)
    bulkPages(setup)
    importPages(setup)
    setup.views.menu({
      app: 'employment',
      label: 'employment.app',
      icon: 'users',
      href: '/app/employment',
      order: 30,
      group: 'employment.user',
      news: (transaction) => homeNews(host, transaction),
    })
    const menu = (label: string, icon: string, href: string, order: number, group = 'employment.user'): void => {
      setup.views.menu({ app: 'employment', label, icon, href: `/app/employment${href}`, order, group, parent: true })
    }
    menu('employment.menu.overview', 'home', '', 10)
    menu('employment.list.employees', 'users', '/employee', 20)
    menu('employment.list.documents', 'file', '/document', 30)
    menu('employment.bulk.title', 'send', '/bulk/new', 40)
    menu('employment.import.title', 'upload', '/import', 50, 'employment.manager')
  },
})
