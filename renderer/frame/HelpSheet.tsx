/** What every key does, by where it works. */
import { Button } from '../parts/Button.tsx'
import { Dialog } from '../parts/Dialog.tsx'
import css from './HelpSheet.module.css'
import { KEYS } from './keys.ts'

export function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const places = [...new Set(KEYS.map((key) => key.where))]
  return (
    <Dialog title="Keys" onCancel={onClose} isSheet>
      {/* It has the focus first: its beginning is in sight, and the arrows scroll it. */}
      <div className={css.keys} tabIndex={0} data-focus role="group" aria-label="Keys, by where they work">
        {places.map((place) => (
          <section key={place} className={css.place}>
            <h3>{place}</h3>
            <dl>
              {KEYS.filter((key) => key.where === place).map(({ keys, does }) => (
                <div key={keys} className={css.row}>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className={css.note}>Keys of a row stand on its buttons.</p>
      <Button isLocal onClick={onClose}>
        Close
      </Button>
    </Dialog>
  )
}
