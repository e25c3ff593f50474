import type { Router } from 'express'
import type { z } from 'zod'
import type { CompanyContext } from '../access/context.js'
import type { Locale } from '../i18n/locale.js'

/** A REST call under /api/v1. Input is parsed by its schema, output checked in tests; both make the OpenAPI page. */
export interface ApiRoute<Body = unknown, Query = unknown> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below /api/v1: `/invoices/:id`. */
  readonly path: string
  readonly summary: string
  readonly tag: string
  /** Groups that may call it; empty: any authenticated actor of the company. */
  readonly groups: readonly string[]
  readonly body?: z.ZodType<Body>
  readonly query?: z.ZodType<Query>
  readonly response: z.ZodType | { readonly mediaType: string }
  /** Answers an `Idempotency-Key` header: same key and body, same answer, one effect; other body 422 API-IDEMPOTENCY-MISMATCH. */
  readonly idempotent?: boolean
  readonly status?: number
  handle(call: ApiCall<Body, Query>): Promise<unknown>
}

/** A call of the API, its body and query checked by the route's schemas. */
export interface ApiCall<Body = unknown, Query = unknown> {
  readonly context: CompanyContext
  readonly params: Readonly<Record<string, string>>
  readonly body: Body
  readonly query: Query
  /** The Idempotency-Key given, if any. */
  readonly idempotencyKey?: string
}

/** An answer that is a file and not JSON. */
export class FileAnswer {
  constructor(
    readonly bytes: Buffer,
    readonly mediaType: string,
    readonly fileName: string,
    readonly disposition: 'inline' | 'attachment' = 'attachment',
  ) {}
}

/** A request for a page of a module, by a user who may see it. Nothing in it is checked yet. */
export interface PageCall {
  readonly context: CompanyContext
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly files: readonly { readonly field: string; readonly name: string; readonly mediaType: string; readonly bytes: Buffer }[]
  /** True for a request by htmx: answer the fragment alone. */
  readonly partial: boolean
}

/** A call of somebody who need not be logged in. */
export interface VisitorCall extends Omit<PageCall, 'context'> {
  readonly locale: Locale
  /** Network address, for limits of the module's own. */
  readonly address: string
  /** Of a reader who is logged in all the same. */
  readonly context: CompanyContext | undefined
  /** Language that the reader chose here before; `locale` may only be what the browser asks for. */
  readonly chosenLocale: Locale | undefined
  /** Empty when the browser does not say. */
  readonly userAgent: string
  /** A cookie of this browser, by the name it was set with. */
  readonly cookie: (name: string) => string | undefined
}

/** HttpOnly, SameSite=Lax, Secure where people reach the host by https. */
export interface AnswerCookie {
  readonly name: string
  /** Undefined takes it away. */
  readonly value: string | undefined
  /** `/sign`: sent to the addresses below it alone. */
  readonly path: string
  /** Milliseconds; without it, it ends with the browser. */
  readonly maxAge?: number
}

/** What a page handler answers with. */
export type PageAnswer =
  | {
      readonly kind: 'page'
      readonly template: string
      readonly title: string
      readonly data: object
      readonly breadcrumb?: readonly { readonly label: string; readonly href?: string }[]
      /** 200 unless told. */
      readonly status?: number
      /** Where the same is shown by GET, for a page that answers a form: a change of language leads there. */
      readonly here?: string
    }
  | { readonly kind: 'fragment'; readonly template: string; readonly data: object }
  | {
      /** A whole HTML document by a template of the module's own, outside shell and sheet. */
      readonly kind: 'document'
      readonly template: string
      readonly data: object
      /** Language and direction of the page; the reader's unless told. */
      readonly locale?: Locale
      readonly timeZone?: string
      readonly status?: number
      readonly cookies?: readonly AnswerCookie[]
    }
  | { readonly kind: 'json'; readonly body: object; readonly status?: number; readonly cookies?: readonly AnswerCookie[] }
  | {
      readonly kind: 'redirect'
      readonly to: string
      readonly cookies?: readonly AnswerCookie[]
      /** Ends the session of who is logged in: the device is handed to somebody else. */
      readonly endSession?: boolean
      readonly notice?: {
        readonly key: string
        readonly params?: Record<string, string | number>
        readonly level: 'success' | 'warning' | 'danger'
      }
    }
  | FileAnswer

/** How a module says what it answers on the web. Called in setup. */
export interface RouteRegistration {
  api<Body, Query>(route: ApiRoute<Body, Query>): void
  /** A page of the application (session needed) at /app/<module><path>; lists and forms come from views and need none. */
  page(method: 'get' | 'post', path: string, groups: readonly string[], handle: (call: PageCall) => Promise<PageAnswer>): void
  /**
   * A page for people without an account (verification, signing links), at its own path below the root. `limit` counts calls of one
   * network address. Forms carry the visitor's token like all others.
   */
  visitor(
    method: 'get' | 'post',
    path: string,
    limit: { readonly calls: number; readonly seconds: number },
    handle: (call: VisitorCall) => Promise<PageAnswer>,
  ): void
  /** A page or endpoint without session: signer pages, sandbox servers. The module answers for its own protection. */
  open(prefix: string, router: Router): void
}
