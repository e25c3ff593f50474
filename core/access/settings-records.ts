import type { Host } from '../host/module.js'
import { ModuleRecords } from '../host/registrations.js'
import type { AccessService } from './create-access.js'
import { addApiKeyViews } from './settings-api-keys.js'
import { addCompanyViews } from './settings-companies.js'
import { addModulePage } from './settings-modules.js'
import { addUserViews } from './settings-users.js'
import { administrator } from './groups.js'

/** The Settings app: users, companies, API keys, modules and their settings; declared like any module's pages. */
export function settingsRecords(host: Host, access: AccessService, modules: readonly ModuleRecords[]): ModuleRecords {
  const records = new ModuleRecords('settings')
  const setup = records.setupFor(host)
  setup.views.menu({
    app: 'settings',
    label: 'access.app',
    icon: 'settings',
    href: '/app/settings/modules',
    order: 900,
    group: administrator,
  })
  addUserViews(setup, access)
  addCompanyViews(setup, access)
  addApiKeyViews(setup, access)
  addModulePage(setup, host, modules)
  return records
}
