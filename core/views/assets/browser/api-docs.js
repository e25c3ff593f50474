import { token } from './page.js'

const place = document.getElementById('api-docs')
if (place !== null) {
  const script = document.createElement('script')
  script.src = place.dataset.bundle
  script.onload = () => {
    globalThis.SwaggerUIBundle({
      url: place.dataset.url,
      domNode: place,
      validatorUrl: null,
      tryItOutEnabled: false,
      requestInterceptor: (request) => {
        request.headers['x-khatm-token'] = token
        return request
      },
    })
  }
  document.head.append(script)
}
