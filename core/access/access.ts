import type { Knex } from 'knex'
import type { CompanyTransaction } from '../db/database.js'
import type { LocalizedText } from '../i18n/locale.js'
import type { Company, CompanyContext } from './context.js'

/** A company that has no id yet. */
export type NewCompany = Omit<Company, 'id'>

/** Companies and what actors may do in them. */
export interface Access {
  companies(): Promise<Company[]>
  /** @throws Fault ACCESS-COMPANY-UNKNOWN (404) */
  companyByCode(code: string): Promise<Company>
  company(companyId: string): Promise<Company>
  /** `also` runs in the transaction that makes the company: its first member, the event of its log. */
  createCompany(company: NewCompany, also?: (transaction: CompanyTransaction, company: Company) => Promise<void>): Promise<Company>
  updateCompany(companyId: string, changes: Partial<NewCompany>): Promise<Company>
  /** The host acting by itself for a company: command line, jobs. */
  systemContext(companyId: string, source: CompanyContext['source']): Promise<CompanyContext>
  /** A member acting through a job, with the rights of this moment; undefined when no longer an active member. */
  memberContext(companyId: string, userId: string, source: CompanyContext['source']): Promise<CompanyContext | undefined>
  /** @throws Fault ACCESS-DENIED (403) unless the actor has one of the groups (or is the system). */
  require(context: CompanyContext, ...groups: string[]): void
  /**
   * Narrows a query of a model's table to the records that its rules let the actor see: for pages and programs that read records
   * beside the lists and forms of `views`, which do the same by themselves.
   */
  narrow(query: Knex.QueryBuilder, model: string, context: CompanyContext, transaction: CompanyTransaction): void
  /** First user of a new database, or a further one; the password is hashed with argon2id. */
  createUser(
    user: { login: string; name: string; password: string; locale: Company['locale'] },
    memberships: readonly { companyId: string; groups: readonly string[] }[],
  ): Promise<string>
  /** People of a company who may log in, by name. */
  members(companyId: string): Promise<{ readonly id: string; readonly name: string }[]>
  /** Login of a user who may log in. */
  loginOf(userId: string): Promise<string | undefined>
  /** Every group the modules brought, with its title. */
  groupTitles(): readonly { readonly name: string; readonly title: LocalizedText }[]
  createApiKey(context: CompanyContext, name: string, groups: readonly string[]): Promise<{ id: string; secret: string }>
}

/**
 * A condition added to every read and write of a model for members of a group (Odoo: record rule), or, without a group, for
 * everybody but the system: then `apply` looks at the actor itself.
 */
export interface RecordRule {
  readonly model: string
  readonly group?: string
  readonly apply: (query: Knex.QueryBuilder, context: CompanyContext, transaction: CompanyTransaction) => void
}
