/** The name of the desktop's notification server on the session bus. */
export const NOTIFICATIONS = 'org.freedesktop.Notifications'

/** Where its methods are called. */
export const NOTIFICATION_SERVER = {
  destination: NOTIFICATIONS,
  path: '/org/freedesktop/Notifications',
  interface: NOTIFICATIONS,
}
