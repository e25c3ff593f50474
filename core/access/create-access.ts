import type { Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import type { ModuleRecords } from '../host/registrations.js'
import type { Access } from './access.js'
import { ApiKeys } from './api-keys.js'
import { Companies } from './companies.js'
import type { Company, CompanyContext } from './context.js'
import { GroupRegistry } from './groups.js'
import { LoginThrottle } from './login-throttle.js'
import { Sessions } from './sessions.js'
import { Users, type User } from './users.js'

/** What the web server needs of access beyond what modules see. */
export interface AccessService extends Access {
  readonly groups: GroupRegistry
  readonly users: Users
  readonly sessions: Sessions
  readonly apiKeys: ApiKeys
  /**
   * Checks a login and opens a session; answers its secret for the cookie.
   * @throws Fault ACCESS-LOGIN-REFUSED (401, the same whatever was wrong), ACCESS-LOGIN-WAIT (429, with seconds)
   */
  login(credentials: { login: string; password: string; address: string; agent: string }): Promise<{ secret: string; user: User }>
  /** A person's right in one company; undefined when not a member. */
  userContext(user: User, companyId: string, source: 'web' | 'api'): Promise<CompanyContext | undefined>
  /** The program behind a bearer key. @throws Fault ACCESS-KEY-REFUSED (401) */
  keyContext(secret: string, locale?: Locale): Promise<CompanyContext>
  /** Companies a user is a member of, by name. */
  companiesOf(userId: string): Promise<readonly Company[]>
}

/** What access rests on. */
export interface AccessParts {
  readonly db: Database
  readonly now: () => Date
  /** Groups and record rules of the modules that stand. */
  readonly records: readonly Pick<ModuleRecords, 'module' | 'groups' | 'recordRules'>[]
}

/** Companies, users, groups, sessions and API keys over the host's tables. */
export function createAccess({ db, now, records }: AccessParts): AccessService {
  const groups = new GroupRegistry()
  for (const record of records) {
    for (const group of record.groups) groups.define(record.module, group.name, group.title, group.includes)
    for (const rule of record.recordRules) groups.addRule(rule)
  }
  const companies = new Companies(db)
  const users = new Users(db)
  const sessions = new Sessions(db, now)
  const apiKeys = new ApiKeys(db)
  const throttle = new LoginThrottle(db)

  return {
    groups,
    users,
    sessions,
    apiKeys,
    companies: () => companies.list(),
    companyByCode: (code) => companies.byCode(code),
    company: (id) => companies.byId(id),
    createCompany: (company, also) => companies.create(company, also),
    updateCompany: (id, changes) => companies.update(id, changes),
    createUser: (user, memberships) => users.create(user, memberships),

    async systemContext(companyId, source) {
      const company = await companies.byId(companyId)
      return { companyId, actor: { kind: 'system', id: null, name: 'Khatm' }, locale: company.locale, source, groups: new Set(['*']) }
    },

    async memberContext(companyId, userId, source) {
      const user = await users.find(userId)
      const membership = (await users.memberships(userId)).find((one) => one.companyId === companyId)
      if (user === undefined || membership === undefined) return undefined
      const actor = { kind: 'user', id: user.id, name: user.name } as const
      return { companyId, actor, locale: user.locale, source, groups: groups.expand(membership.groups) }
    },

    require(context, ...needed) {
      if (needed.length === 0 || context.groups.has('*') || needed.some((group) => context.groups.has(group))) return
      throw new Fault('ACCESS-DENIED', { status: 403, params: { groups: needed.join(', ') } })
    },

    narrow(query, model, context, transaction) {
      for (const rule of groups.rulesFor(model, context)) rule.apply(query, context, transaction)
    },

    loginOf: async (userId) => (await users.find(userId))?.login,

    members(companyId) {
      return db.host((transaction) =>
        transaction('core_user')
          .join('core_membership', 'core_membership.user_id', 'core_user.id')
          .where({ 'core_membership.company_id': companyId, 'core_user.active': true })
          .orderBy('core_user.name')
          .select<{ id: string; name: string }[]>('core_user.id', 'core_user.name'),
      )
    },
    groupTitles() {
      return groups.list().map(({ name, title }) => ({ name, title }))
    },
    async createApiKey(context, name, keyGroups) {
      const unknown = keyGroups.find((group) => !groups.has(group))
      if (unknown !== undefined) throw new Fault('ACCESS-GROUP-UNKNOWN', { path: 'groups', params: { group: unknown } })
      const beyond = keyGroups.find((group) => !context.groups.has('*') && !context.groups.has(group))
      if (beyond !== undefined) throw new Fault('ACCESS-DENIED', { status: 403, path: 'groups', params: { groups: beyond } })
      return apiKeys.create(context.companyId, name, keyGroups, context.actor.kind === 'user' ? context.actor.id : null)
    },

    async login({ login, password, address, agent }) {
      const wait = await throttle.reserve(login, address)
      if (wait !== undefined) throw new Fault('ACCESS-LOGIN-WAIT', { status: 429, params: { seconds: wait } })
      const user = await users.verify(login, password)
      if (user === undefined) throw new Fault('ACCESS-LOGIN-REFUSED', { status: 401 })
      await throttle.succeeded(login, address)
      const first = (await users.memberships(user.id))[0]
      const secret = await sessions.open(user.id, first?.companyId ?? null, address, agent)
      return { secret, user }
    },

    async userContext(user, companyId, source) {
      const membership = (await users.memberships(user.id)).find((one) => one.companyId === companyId)
      if (membership === undefined) return undefined
      return {
        companyId,
        actor: { kind: 'user', id: user.id, name: user.name },
        locale: user.locale,
        source,
        groups: groups.expand(membership.groups),
      }
    },

    async keyContext(secret, locale) {
      const key = await apiKeys.find(secret)
      if (key === undefined) throw new Fault('ACCESS-KEY-REFUSED', { status: 401 })
      const company = await companies.byId(key.companyId)
      return {
        companyId: key.companyId,
        actor: { kind: 'api-key', id: key.id, name: key.name },
        locale: locale ?? company.locale,
        source: 'api',
        groups: groups.expand(key.groups),
      }
    },

    async companiesOf(userId) {
      const mine = new Set((await users.memberships(userId)).map((membership) => membership.companyId))
      return (await companies.list()).filter((company) => mine.has(company.id))
    },
  }
}
