/** What every key does, by where it works. */
import { Button } from '../parts/Button.tsx'
import { Dialog } from '../parts/Dialog.tsx'
import css from './HelpSheet.module.css'
import { KEYS } from './keys.ts'

export function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const places = [...new Set(KEYS.map((key) => key.where))]
  return (
    <Dialog title="Keys" onCancel={onClose} isSheet>
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
      <p className={css.note}>Keys of a row stand on its buttons.</p>
      <Button isLocal data-focus onClick={onClose}>
        Close
      </Button>
    </Dialog>
  )
}
