import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import { hashPassword, passwordFits } from './passwords.js'

/** A person with an account; the password's hash never leaves the table. */
export interface User {
  readonly id: string
  readonly login: string
  readonly name: string
  readonly locale: Locale
  readonly theme: 'auto' | 'light' | 'dark'
  readonly active: boolean
}

/** A person to be given an account. `password` in clear text, kept only as a hash. */
export interface NewUser {
  readonly login: string
  readonly name: string
  readonly password: string
  readonly locale: Locale
}

/** A company that a user belongs to, and the groups there. */
export interface Membership {
  readonly companyId: string
  readonly groups: readonly string[]
}

interface UserRow extends User {
  password_hash: string
}

const shown = ['id', 'login', 'name', 'locale', 'theme', 'active'] as const
const checked = [...shown, 'password_hash'] as const

/** People who may log in, and in which companies they are what. */
export class Users {
  constructor(private readonly db: Database) {}

  /** @throws Fault ACCESS-LOGIN-TAKEN, ACCESS-PASSWORD-SHORT */
  async create(user: NewUser, memberships: readonly Membership[]): Promise<string> {
    const login = user.login.trim()
    if (login === '' || login.length > 200) throw new Fault('ACCESS-LOGIN-EMPTY', { path: 'login' })
    if (user.name.trim() === '') throw new Fault('ACCESS-NAME-EMPTY', { path: 'name' })
    const passwordHash = await hashPassword(user.password)
    const id = randomUUID()
    await this.db.host(async (knex) => {
      const taken = await knex<UserRow>('core_user').whereRaw('lower(login) = lower(?)', [login]).limit(1)
      if (taken.length > 0) throw new Fault('ACCESS-LOGIN-TAKEN', { path: 'login', params: { login } })
      await knex('core_user').insert({ id, login, name: user.name.trim(), password_hash: passwordHash, locale: user.locale })
      for (const membership of memberships) {
        await knex('core_membership').insert({ user_id: id, company_id: membership.companyId, groups: JSON.stringify(membership.groups) })
      }
    })
    return id
  }

  /** How many accounts there are, inactive ones too; 0 opens the first-time setup. */
  async count(): Promise<number> {
    const row = await this.db.host((knex) => knex('core_user').count<{ count: string }[]>('* as count').first())
    return Number(row?.count ?? 0)
  }

  /** The active account of an id; undefined when it was switched off or never was. */
  async find(id: string): Promise<User | undefined> {
    return this.db.host((knex) =>
      knex<UserRow>('core_user')
        .where({ id, active: true })
        .first(...shown),
    )
  }

  /** Undefined for an unknown login, a wrong password and a switched-off account alike, in the same time. */
  async verify(login: string, password: string): Promise<User | undefined> {
    const row = await this.db.host((knex) =>
      knex<UserRow>('core_user')
        .whereRaw('lower(login) = lower(?)', [login.trim()])
        .where({ active: true })
        .first(...checked),
    )
    if (!(await passwordFits(row?.password_hash, password)) || row === undefined) return undefined
    await this.db.host((knex) => knex('core_user').where('id', row.id).update({ last_login_at: knex.fn.now() }))
    return { id: row.id, login: row.login, name: row.name, locale: row.locale, theme: row.theme, active: row.active }
  }

  /** Oldest company first: it is the one a login opens. */
  async memberships(userId: string): Promise<readonly Membership[]> {
    const rows = await this.db.host((knex) =>
      knex('core_membership')
        .join('core_company', 'core_company.id', 'core_membership.company_id')
        .where('core_membership.user_id', userId)
        .orderBy(['core_company.created_at', 'core_company.code'])
        .select<{ company_id: string; groups: string[] }[]>('core_membership.company_id', 'core_membership.groups'),
    )
    return rows.map((row) => ({ companyId: row.company_id, groups: row.groups }))
  }

  /** Stores what the user chose for himself; what is not given stays. */
  async changePreferences(userId: string, changes: { locale?: Locale; theme?: User['theme']; name?: string }): Promise<void> {
    if (Object.keys(changes).length === 0) return
    await this.db.host((knex) => knex('core_user').where({ id: userId }).update(changes))
  }

  /** @throws Fault ACCESS-PASSWORD-WRONG when the old one does not fit */
  async changePassword(userId: string, oldPassword: string, newPassword: string): Promise<void> {
    const row = await this.db.host((knex) => knex<UserRow>('core_user').where({ id: userId }).first('password_hash'))
    if (!(await passwordFits(row?.password_hash, oldPassword))) throw new Fault('ACCESS-PASSWORD-WRONG', { path: 'oldPassword' })
    const passwordHash = await hashPassword(newPassword)
    await this.db.host((knex) => knex('core_user').where({ id: userId }).update({ password_hash: passwordHash }))
  }
}
