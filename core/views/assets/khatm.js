// Behaviour of all pages. Everything works with the keyboard; pages without lists or forms load the same small file.
import './browser/menus.js'
import './browser/dialogs.js'
import './browser/palette.js'
import './browser/lists.js'
import './browser/combobox.js'
import './browser/lines.js'
import './browser/forms.js'
import './browser/pdf.js'
