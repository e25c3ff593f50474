import { z } from 'zod'

/** Everything an operator may set: `config/default.json`, then `khatm.json` in the data folder, then the environment. */
export const configurationSchema = z.object({
  /** Folder of the embedded database, wrapped keys, sandbox state and logs. Environment: KHATM_DATA. */
  dataDir: z.string(),
  /** Environment: KHATM_PORT. 0 takes a free port. */
  port: z.number().int().min(0).max(65535),
  /** Address the web server listens on. */
  listen: z.string(),
  /** How people reach this host; links in mails start with it. Environment: KHATM_PUBLIC_URL. */
  publicUrl: z.string().nullable(),
  database: z.object({
    /** Environment: DATABASE_URL. Null runs the embedded PostgreSQL in the data folder. */
    url: z.string().nullable(),
    poolSize: z.number().int().min(1).max(200),
  }),
  /** Further modules: npm package names (or absolute folders) with the version the operator trusts. */
  modules: z.array(z.object({ name: z.string(), version: z.string(), path: z.string().optional() })),
  smtp: z.object({
    host: z.string().nullable(),
    port: z.number().int(),
    secure: z.boolean(),
    user: z.string().nullable(),
    /** Environment: KHATM_SMTP_PASSWORD. */
    password: z.string().nullable(),
    from: z.string(),
  }),
  signing: z.object({
    /** 32 bytes, base64; wraps software keys. Environment: KHATM_MASTER_KEY. Null keeps a file `master.key` (mode 600) in the data folder. */
    masterKey: z.string().nullable(),
    /** RFC 3161 server for B-T; null makes B-B and every report says so. */
    timeStampUrl: z.string().nullable(),
    /** Archived PDFs get a new time stamp when the last one ends within so many days; 90 unless told. */
    archiveRenewalDays: z.number().int().min(1).max(3650).optional(),
    /** PKCS#11 modules by name; the PIN is read from a file or an environment variable by the signer's process alone. */
    pkcs11: z.array(
      z.object({
        name: z.string(),
        library: z.string(),
        pinFile: z.string().nullable().default(null),
        pinEnvironment: z.string().nullable().default(null),
      }),
    ),
    /** Keys on tokens at people's desks (`khatm agent`). */
    agent: z
      .object({
        /** How long a signature waits for a person before it is told that it waits. */
        waitSeconds: z.number().min(0).max(3600).default(180),
        /** The same while no desk with the token is connected. */
        waitWithoutDeskSeconds: z.number().min(0).max(3600).default(5),
        /** An unanswered request ends after this. */
        requestHours: z.number().min(1).max(8760).default(72),
        /** Requests that ended are forgotten after so many days; 90 unless told. The event log keeps what was done. */
        keepDays: z.number().min(1).max(3650).optional(),
      })
      .optional(),
    /** Remote signing services (Cloud Signature Consortium API): QTSPs, and `khatm signer` on another machine. Secrets come from files. */
    csc: z
      .array(
        z.object({
          name: z.string(),
          /** Base address: `https://host/csc/v2`. */
          url: z.string(),
          version: z.enum(['1', '2']).default('2'),
          /** OAuth 2 client credentials; without them the client certificate alone speaks for the host. */
          clientId: z.string().nullable().default(null),
          clientSecretFile: z.string().nullable().default(null),
          /** PEM: authority of the server, certificate and key of this host (mutual TLS). */
          authorityFile: z.string().nullable().default(null),
          certificateFile: z.string().nullable().default(null),
          keyFile: z.string().nullable().default(null),
          /** PIN that authorises credentials of this service, where it wants one. */
          pinFile: z.string().nullable().default(null),
        }),
      )
      .default([]),
  }),
  /** Text messages with codes for signers: any provider with an HTTP interface. Without it no request can ask for them. */
  sms: z
    .object({
      /** `{{to}}`, `{{text}}` and `{{secret}}` are filled in, here as in `headers` and `body`, escaped for where they stand. */
      url: z.string(),
      method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
      headers: z.record(z.string(), z.string()).default({}),
      contentType: z.string().default('application/json'),
      body: z.string().default('{"to":"{{to}}","text":"{{text}}"}'),
      /** File of the provider's key. */
      secretFile: z.string().nullable().default(null),
      timeoutSeconds: z.number().min(1).max(60).default(10),
    })
    .nullish(),
  validation: z
    .object({
      /** Ask OCSP, CRL and AIA addresses of certificates when a page or command validates. */
      online: z.boolean().default(true),
      /** PEM or DER files of further trust anchors; `trust/*.pem` of the data folder is always read. */
      trustFiles: z.array(z.string()).default([]),
    })
    .default({ online: true, trustFiles: [] }),
  documents: z.object({ workers: z.number().int().min(1).max(16), recycleAfter: z.number().int().min(10) }),
  jobs: z.object({ concurrency: z.number().int().min(1).max(64) }),
  sandbox: z.object({
    /** Where the sandbox authorities of this machine answer; set by the command that starts them. Environment: KHATM_SANDBOX_URL. */
    url: z.string().nullable(),
    /** Roots of these authorities, DER in base64; set with `url`. What they vouch for is practice. */
    trustAnchors: z.array(z.string()).default([]),
  }),
  /** Outgoing calls may reach these private or loopback origins (the sandbox is one). */
  allowedPrivateOrigins: z.array(z.string()),
  /**
   * Servers (`host` or `host:port`) whose TLS cannot renegotiate safely (RFC 5746): the old handshake is tried with them, and with no other,
   * once the new one has failed for that reason. Their certificate is checked as always.
   */
  legacyTlsHosts: z.array(z.string()).optional(),
  logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug']),
})

export type Configuration = z.infer<typeof configurationSchema>
