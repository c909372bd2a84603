/** Something that is open or shut, and can be waited for; open at first. */
export class Turnstile {
  #open = true
  #waiting: (() => void)[] = []

  get open(): boolean {
    return this.#open
  }

  /** Resolves when it is open. */
  passed(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve))
  }

  shut(): void {
    this.#open = false
  }

  pass(): void {
    this.#open = true
    for (const go of this.#waiting.splice(0)) go()
  }
}
