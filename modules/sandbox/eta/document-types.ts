import { EtaRefusal, type EtaAnswer } from './answers.js'
import type { EtaSettings } from './eta-settings.js'

const names = ['i', 'c', 'd', 'ii', 'ei', 'ec', 'ed'] as const

/** Hours in which a document of this type may be cancelled. */
export function cancellationHoursOf(settings: EtaSettings, type: string): number {
  return settings.cancellationHoursOf[type] ?? settings.cancellationHours
}

/** GET documenttypes/{id}. */
export function documentType(settings: EtaSettings, id: number): EtaAnswer {
  const name = names[id - 1]
  if (name === undefined) throw new EtaRefusal(404, 'NotFound', 'No such document type', 'id')
  return { status: 200, body: typeBody(settings, id, name) }
}

/** GET documenttypes. */
export function documentTypes(settings: EtaSettings): EtaAnswer {
  return { status: 200, body: { result: names.map((name, index) => typeBody(settings, index + 1, name)) } }
}

function typeBody(settings: EtaSettings, id: number, name: string): object {
  const { cancellationHours, rejectionHours } = settings
  const parameter = (place: number, parameterName: string, value: number): object => ({
    id: id * 10 + place,
    parameter: parameterName,
    value,
    activeFrom: '2020-01-01T00:00:00Z',
    activeTo: null,
  })
  return {
    id,
    name,
    activeFrom: '2020-01-01T00:00:00Z',
    activeTo: null,
    documentTypeVersions: [
      { id: id * 2, typeName: name, name: '1.0', status: 'published', activeFrom: '2020-01-01T00:00:00Z', activeTo: null },
      { id: id * 2 - 1, typeName: name, name: '0.9', status: 'published', activeFrom: '2020-01-01T00:00:00Z', activeTo: null },
    ],
    workflowParameters: [
      parameter(1, 'cancellationDuration', cancellationHoursOf(settings, name)),
      parameter(2, 'rejectionDuration', rejectionHours),
      parameter(3, 'declineCancellationDuration', cancellationHours),
      parameter(4, 'declineRejectionDuration', rejectionHours),
    ],
  }
}
