import express, { type Express } from 'express'
import type { Server } from 'node:http'
import { agentProviderOf } from '../signing/keys/agent/agent-provider.js'
import { DeskEndpoint, refuse } from '../signing/keys/agent/desk-endpoint.js'
import { agentPath } from '../signing/keys/agent/protocol.js'
import type { Host } from '../host/module.js'
import { errorBody, faultOfError } from './errors.js'
import type { WebParts } from './web-parts.js'

/** Pairing of desks: a program calls it, no page; it is answered in JSON and takes JSON alone, which no form of another site sends. */
export function addAgentRoutes(app: Express, parts: WebParts): void {
  app.post(`${agentPath}/pair`, express.json({ limit: '8kb', strict: true }), async (request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    try {
      response.json(await agentProviderOf(parts.host.signing).desks.pair(request.body, request.ip ?? ''))
    } catch (error) {
      const fault = faultOfError(error)
      if (fault.status >= 500) parts.logger.error({ err: error }, 'pairing failed')
      if (typeof fault.params['seconds'] === 'number') response.setHeader('Retry-After', String(fault.params['seconds']))
      response.status(fault.status).json(errorBody(parts, request, fault))
    }
  })
}

/** The web socket of desks on the host's own port. Other upgrades are refused. @returns ends all connections */
export function openAgentSockets(server: Server, host: Host): () => Promise<void> {
  const provider = agentProviderOf(host.signing)
  const endpoint = new DeskEndpoint(provider)
  provider.address = () => {
    const bound = server.address()
    // Desks of this machine alone reach a host without a public address.
    return bound === null || typeof bound === 'string' ? undefined : `http://127.0.0.1:${String(bound.port)}`
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {
      socket.destroy()
    })
    if (!endpoint.upgrade(request, socket, head)) refuse(socket, '404 Not Found')
  })
  return () => endpoint.close()
}
