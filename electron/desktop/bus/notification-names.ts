/** The name of the desktop's notification server on the session bus. */
export const NOTIFICATIONS = 'org.freedesktop.Notifications'
