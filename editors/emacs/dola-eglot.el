;;; dola-eglot.el --- Use dola-ls with Eglot  -*- lexical-binding: t; -*-

;;; Commentary:

;; Load this file from your init file, or copy it there.  Then, in a project: `M-x eglot', and
;; `M-x eglot-code-actions' on a function or a region.
;;
;; Eglot runs one language server per buffer.  To keep the one you have, join the two with
;; rassumfrassum (`pip install rassumfrassum') and name both servers here, for example
;;   (setq dola-eglot-command '("rass" "--" "pylsp" "--" "dola-ls"))
;;
;; Key and endpoint come from the environment of Emacs or from the user file of dola-ls, never from
;; here: `dola-ls check' shows what it found and where.

;;; Code:

(defvar eglot-server-programs)

(defvar dola-eglot-command '("dola-ls")
  "The program Eglot starts, and its arguments.")

(defvar dola-eglot-modes
  '(python-mode python-ts-mode js-mode js-ts-mode typescript-mode typescript-ts-mode tsx-ts-mode
    go-mode go-ts-mode rust-mode rust-ts-mode java-mode java-ts-mode c-mode c-ts-mode
    c++-mode c++-ts-mode csharp-mode csharp-ts-mode ruby-mode ruby-ts-mode php-mode php-ts-mode
    markdown-mode gfm-mode html-mode mhtml-mode)
  "The modes in which Eglot starts `dola-eglot-command'.")

;; A function of a name, so that what is put into Eglot's list can be told from what others put there.
(defun dola-eglot--program (&rest _)
  "Return the program for Eglot, and its arguments."
  dola-eglot-command)

(with-eval-after-load 'eglot
  (dolist (mode dola-eglot-modes)
    (add-to-list 'eglot-server-programs (cons mode #'dola-eglot--program))))

(provide 'dola-eglot)
;;; dola-eglot.el ends here
