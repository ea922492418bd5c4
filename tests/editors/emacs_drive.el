;;; emacs_drive.el --- Take steps that come over a socket  -*- lexical-binding: t; -*-

;; emacs --batch -l package --eval '(package-initialize)' -l emacs_drive.el
;;
;; A step is a line of JSON with the text of a form; the answer is one with its value.  Between
;; steps Emacs waits as it does between keys, so that servers and timers get their turn.

;;; Code:

(require 'json)

(defvar drive-messages nil "What the echo area showed, newest first.")
(defvar drive-asked nil "What was asked in the minibuffer, newest first.")
(defvar drive-answers nil "What to answer there, in turn.")

(defun drive-ask (prompt &rest _)
  "Answer PROMPT with the next of `drive-answers'."
  (push prompt drive-asked)
  (if drive-answers (pop drive-answers) (error "Nobody answers: %s" prompt)))

(dolist (asking '(completing-read read-string read-from-minibuffer y-or-n-p yes-or-no-p))
  (advice-add asking :override #'drive-ask))

(advice-add 'message :before
            (lambda (text &rest rest)
              (when text (push (apply #'format-message text rest) drive-messages))))

(defun drive-step (line)
  "Evaluate the form in LINE and return a line that tells its value."
  (let ((form (alist-get 'form (json-read-from-string line))))
    (condition-case problem
        ;; In the buffer that a user would see.
        (let ((value (with-current-buffer (window-buffer) (eval (read form) t))))
          (condition-case nil
              (json-encode (list (cons 'value value)))
            (json-error (json-encode (list (cons 'value (format "%S" value)))))))
      (error (json-encode (list (cons 'error (error-message-string problem))))))))

(let* ((lines nil)
       (rest "")
       (socket (make-network-process
                :name "drive" :host "127.0.0.1" :coding 'utf-8-unix :noquery t
                :service (string-to-number (getenv "EMACS_DRIVE_PORT"))
                :filter (lambda (_ text)
                          (setq rest (concat rest text))
                          (while (string-match "\n" rest)
                            (setq lines (append lines (list (substring rest 0 (match-beginning 0))))
                                  rest (substring rest (match-end 0))))))))
  ;; As `M-x eglot' is called by a user who types.
  (setq last-nonmenu-event ?x)
  (while (process-live-p socket)
    (accept-process-output nil 0.05)
    (while lines
      (process-send-string socket (concat (drive-step (pop lines)) "\n")))))

;;; emacs_drive.el ends here
