interface Asked<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Questions that come while others are worked on are answered together by the next round: two hundred signatures are a few
 * transactions, not two hundred. Rounds follow each other; the order of questions is kept.
 */
export class GroupedWork<Question, Answer> {
  private waiting: Asked<Question, Answer>[] = []
  private running = false

  constructor(
    /** Answers in the order of the questions. */
    private readonly work: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    private readonly most = 250,
  ) {}

  /** The answer to the question; those asked while a round runs go together in the next. */
  do(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject })
      if (this.running) return
      this.running = true
      // What is asked in one turn of the event loop goes together from the first round on.
      setImmediate(() => void this.run())
    })
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await this.round(this.waiting.splice(0, this.most))
    this.running = false
  }

  private async round(group: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.work(group.map(({ question }) => question))
      for (const [index, answer] of answers.entries()) group[index]?.resolve(answer)
    } catch (error) {
      // A value that the database does not take is the fault of one question: the others are asked again without it.
      if (group.length > 1 && isDataFault(error)) for (const one of group) await this.round([one])
      else for (const { reject } of group) reject(error)
    }
  }
}

/** SQLSTATE classes 22 and 23: data exception, integrity constraint violation. */
function isDataFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23][0-9A-Z]{3}$/.test(error.code)
}
