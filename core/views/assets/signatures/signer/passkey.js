/** Asks the device for a passkey, or makes one; the options and the answer travel as WebAuthn's JSON (Level 3, 5.1.8 and 5.1.9). */
const form = document.querySelector('[data-passkey]')

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

form?.addEventListener('submit', (event) => {
  if (form.elements.credential.value !== '') return
  event.preventDefault()
  void ask(form)
})

async function ask(form) {
  const fault = form.querySelector('.s-fault')
  fault.hidden = true
  try {
    const options = JSON.parse(form.dataset.passkey)
    const answer = form.dataset.enrol === '1' ? await make(options) : await prove(options)
    form.elements.credential.value = JSON.stringify(answer)
    form.submit()
  } catch {
    fault.textContent = form.dataset.failed
    fault.hidden = false
    for (const button of form.querySelectorAll('button')) button.disabled = false
  }
}

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  })
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  }
}

async function prove(options) {
  const given = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  })
  const { response } = given
  return {
    id: given.id,
    rawId: text(given.rawId),
    type: given.type,
    clientExtensionResults: given.getClientExtensionResults(),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      ...(response.userHandle === null ? {} : { userHandle: text(response.userHandle) }),
    },
  }
}
