import express, { type Express } from 'express'
import type { Server } from 'node:http'
import { AgentKeyProvider } from '../signing/keys/agent/agent-provider.js'
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
      response.json(await providerOf(parts.host).desks.pair(request.body, request.ip ?? ''))
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
  const endpoint = new DeskEndpoint(providerOf(host))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {
      socket.destroy()
    })
    if (!endpoint.upgrade(request, socket, head)) refuse(socket, '404 Not Found')
  })
  return () => endpoint.close()
}

export function providerOf(host: Host): AgentKeyProvider {
  const provider = host.signing.provider('agent')
  if (!(provider instanceof AgentKeyProvider)) throw new TypeError('agent keys come from another provider')
  return provider
}
