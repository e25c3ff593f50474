/** One measured figure; `ratio` is value / peerValue measured in the same run, `ofLimit` value / limit. */
export interface BenchFigure {
  readonly value: number
  readonly unit: string
  readonly peer?: string
  readonly peerValue?: number
  readonly ratio?: number
  readonly limit?: number
  readonly ofLimit?: number
}

export type BenchFigures = Record<string, BenchFigure>
