;;; dola.el --- Explain, refactor and test code with a model  -*- lexical-binding: t; -*-

;; Author: The dola-ls developers
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages, tools, convenience
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Commands for the language server dola-ls, on top of Eglot:
;;
;;   `dola-explain'         explain the symbol at point, or the region
;;   `dola-refactor'        refactor it
;;   `dola-generate-tests'  write tests for it
;;   `dola-document'        write its documentation
;;   `dola-fix'             fix a problem on these lines that Flymake shows
;;   `dola-do'              do what you say in the minibuffer
;;   `dola-own'             run an action of your own
;;   `dola-describe-image'  write the alternative text of the image at point
;;   `dola-describe-video'  write a caption of the video at point
;;   `dola-write-from-image'  write what the image at point shows, as code
;;   `dola-show-prompt'     show what an action would send, and send nothing
;;   `dola-show-reasoning'  show what the model thought in the last action
;;   `dola-review'          look at a proposed edit, and apply or discard it
;;   `dola-withdraw'        take back the consent to send code of a folder
;;   `dola-cancel'          stop what is under way
;;   `dola-status'          say what is under way, and what the session came to
;;
;; Put into your init file
;;
;;   (require 'dola)
;;   (dola-setup)
;;
;; and start the server with `M-x eglot'.  Which program that is, and in which modes, say
;; `dola-eglot-command' and `dola-eglot-modes' in dola-eglot.el; set the modes before `dola-setup'.

;;; Code:

(require 'cl-lib)
(require 'diff-mode)
(require 'dola-eglot)
(require 'eglot)
(require 'flymake)
(require 'jsonrpc)
(require 'seq)
(require 'subr-x)

(defgroup dola nil
  "Explain, refactor and test code with a model."
  :group 'eglot
  :prefix "dola-")

(defcustom dola-show-progress t
  "Whether the echo area tells how far an action is."
  :type 'boolean)

;;;; The server

(defclass dola-server (eglot-lsp-server)
  ((proposals :initform nil :accessor dola--proposals
              :documentation "The proposed edits, the latest first.")
   (titles :initform nil :accessor dola--titles
           :documentation "The tokens of actions under way, and titles."))
  :documentation "The server dola-ls.")

(defun dola--program (&rest _)
  "Return the program for Eglot, as one that the commands of Dola know."
  (cons 'dola-server dola-eglot-command))

;;;###autoload
(defun dola-setup ()
  "Have Eglot start dola-ls in `dola-eglot-modes', and in no other modes.
It does so in a way that the commands of Dola know."
  ;; dola-eglot.el has entered all the modes that were set when it was loaded.
  (setq eglot-server-programs
        (seq-remove (lambda (entry)
                      (memq (cdr entry) '(dola-eglot--program dola--program)))
                    eglot-server-programs))
  (dolist (mode dola-eglot-modes)
    (push (cons mode #'dola--program) eglot-server-programs)))

(cl-defmethod eglot-client-capabilities ((_server dola-server))
  "Declare progress, documents to show and the review beside what Eglot can do."
  (let* ((capabilities (copy-sequence (cl-call-next-method)))
         (window (copy-sequence (plist-get capabilities :window)))
         ;; Eglot has an empty object there, which is no list.
         (experimental (plist-get capabilities :experimental))
         (experimental (and (listp experimental) (copy-sequence experimental))))
    (setq window (plist-put window :workDoneProgress t)
          window (plist-put window :showDocument '(:support t))
          experimental (plist-put experimental :dolaReview t)
          capabilities (plist-put capabilities :window window))
    (plist-put capabilities :experimental experimental)))

(defvar eglot-confirm-server-edits)

(cl-defmethod eglot-handle-request
  ((_server dola-server) (_method (eql 'workspace/applyEdit)) &key edit &allow-other-keys)
  "Make EDIT, which was asked for, without a question and as one step to undo."
  (let ((buffers (dola--buffers edit))
        ;; Two names for the same option, of Eglot 1.9 and of later ones.
        (eglot-confirm-server-edits nil)
        (eglot-confirm-server-initiated-edits nil))
    ;; What was typed since counts for the version, and the server has to know of it first.
    (mapc #'dola--tell-changes buffers)
    (condition-case problem
        (progn
          (cl-call-next-method)
          ;; The server believes that an edit was made when it sees the change.
          (mapc #'dola--tell-changes buffers)
          '(:applied t))
      (error
       (list :applied :json-false :failureReason (error-message-string problem))))))

(defun dola--tell-changes (buffer)
  "Tell the server now of what changed in BUFFER, and make it a step to undo."
  (with-current-buffer buffer
    (undo-boundary)
    (when (eglot-managed-p) (eglot--signal-textDocument/didChange))))

(defun dola--buffers (edit)
  "Return the buffers of the files in the workspace edit EDIT."
  (delq nil
        (mapcar (lambda (change)
                  (find-buffer-visiting
                   (eglot--uri-to-path
                    (plist-get (plist-get change :textDocument) :uri))))
                (plist-get edit :documentChanges))))

(cl-defmethod eglot-handle-request
  ((_server dola-server) (_method (eql 'window/showDocument))
   &key uri external takeFocus &allow-other-keys)
  "Show the file URI, to work on it where TAKEFOCUS is true.
Else it is a page to read beside the code.  Where EXTERNAL, use the browser."
  (if (eq external t)
      (browse-url uri)
    (let ((buffer (find-file-noselect (eglot--uri-to-path uri) t)))
      (with-current-buffer buffer
        (unless (or (buffer-modified-p) (verify-visited-file-modtime buffer))
          (revert-buffer t t))
        (unless (eq takeFocus t) (view-mode)))
      (if (eq takeFocus t)
          (pop-to-buffer buffer)
        (display-buffer buffer))))
  '(:success t))

(cl-defmethod eglot-handle-request
  ((_server dola-server) (_method (eql 'window/workDoneProgress/create)) &key &allow-other-keys)
  "Agree to a progress.")

(cl-defmethod eglot-handle-notification
  ((server dola-server) (_method (eql '$/progress)) &key token value)
  "Tell in the echo area how far the action TOKEN of SERVER is, as in VALUE."
  (if (not (string-prefix-p "dola-" (format "%s" token)))
      (cl-call-next-method)
    (let ((said (plist-get value :message))
          (title (or (plist-get value :title)
                     (cdr (assoc token (dola--titles server))))))
      (pcase (plist-get value :kind)
        ("begin" (push (cons token title) (dola--titles server)))
        ("end" (setf (dola--titles server)
                     (assoc-delete-all token (dola--titles server)))))
      (when dola-show-progress
        (let ((message-log-max nil))
          (message "%s%s%s" title (if said ": " "") (or said "")))))))

;;;; Actions

(defun dola--server (&optional command)
  "Return this buffer's server, which has to know COMMAND."
  (let* ((server (eglot-current-server))
         (commands (and server (eglot--server-capable :executeCommandProvider :commands)))
         (command (or command "dola.status")))
    (cond
     ((null server)
      (user-error "There is no server in this buffer.  Start one with `M-x eglot'"))
     ((seq-contains-p commands command) server)
     ((seq-contains-p commands "dola.status")
      (user-error "This dola-ls does not know %s.  Update it" command))
     (t
      (user-error "The server of this buffer is not dola-ls.  See `dola-setup'")))))

(defun dola--bounds ()
  "Return the bounds of the region, or point twice."
  (if (use-region-p)
      (list (region-beginning) (region-end))
    (list (point) (point))))

(defun dola--act (command beg end &rest more)
  "Have the server run COMMAND from BEG to END, with MORE arguments."
  (let ((server (dola--server command)))
    ;; The server is to see the text that these positions are in.
    (dola--tell-changes (current-buffer))
    (dola--execute server command
                   (append (list :uri (plist-get (eglot--TextDocumentIdentifier) :uri)
                                 :range (dola--range beg end))
                           ;; For the model to know; the task stays what it is.
                           (unless (plist-member more :diagnostics)
                             (list :others (dola--near beg end)))
                           more))))

(defun dola--range (beg end)
  "Return the range of the protocol from BEG to END."
  (list :start (eglot--pos-to-lsp-position beg) :end (eglot--pos-to-lsp-position end)))

(defun dola--execute (server command &optional argument)
  "Have SERVER run COMMAND with ARGUMENT.  It answers at once and works on its own."
  (jsonrpc-async-request
   server :workspace/executeCommand
   (list :command command :arguments (if argument (vector argument) []))
   :success-fn #'ignore
   :error-fn (lambda (problem) (message "Dola: %s" (plist-get problem :message)))
   :timeout-fn (lambda () (message "Dola: the server does not answer.  See `M-x eglot-events-buffer'"))))

(defun dola--request (server method params)
  "Ask SERVER for METHOD with PARAMS, and return its answer.
`jsonrpc-request' of Emacs 28 leaves the process filter by a `throw', and
what came in one piece behind the answer is not read until more comes."
  (let ((answer nil))
    (jsonrpc-async-request
     server method params
     :success-fn (lambda (result) (setq answer (list result)))
     :error-fn (lambda (problem) (setq answer (plist-get problem :message)))
     :timeout-fn (lambda () (setq answer "the server does not answer")))
    (while (not answer)
      (accept-process-output nil 0.05))
    (if (listp answer)
        (car answer)
      (user-error "Dola: %s" answer))))

;;;###autoload
(defun dola-explain (beg end)
  "Explain the symbol at point, or the region from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.explain" beg end))

;;;###autoload
(defun dola-refactor (beg end)
  "Refactor the symbol at point, or the region from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.refactor" beg end))

;;;###autoload
(defun dola-generate-tests (beg end)
  "Write test functions for the symbol at point, or from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.generateTests" beg end))

;;;###autoload
(defun dola-document (beg end)
  "Write the documentation of the symbol at point, or from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.document" beg end))

;;;###autoload
(defun dola-describe-image (beg end)
  "Write the alternative text of the image that is linked to from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.describeImage" beg end))

;;;###autoload
(defun dola-describe-video (beg end)
  "Write a caption of the video that is linked to from BEG to END."
  (interactive (dola--bounds))
  (dola--act "dola.describeVideo" beg end))

;;;###autoload
(defun dola-write-from-image (beg end)
  "Write code from the image that a link or comment from BEG to END names."
  (interactive (dola--bounds))
  (dola--act "dola.writeFromImage" beg end))

;;;###autoload
(defun dola-own (beg end)
  "Run an action of your own on the symbol at point, or from BEG to END.
Ask which of those in the user file of dola-ls that are for this place."
  (interactive (dola--bounds))
  (let* ((server (dola--server "dola.own"))
         (actions (dola--own server beg end))
         (title (if actions
                    (completing-read "Do: " actions nil t)
                  (user-error "No action of your own is for this place; see [[actions]] in the \
user file of dola-ls"))))
    (dola--execute server "dola.own" (cdr (assoc title actions)))))

(defun dola--own (server beg end)
  "Return the actions of the user's own that SERVER has from BEG to END.
Each is a pair of its title and the argument for the command."
  (dola--tell-changes (current-buffer))
  (let ((offered (dola--request
                  server :textDocument/codeAction
                  (list :textDocument (eglot--TextDocumentIdentifier)
                        :range (dola--range beg end)
                        :context (list :diagnostics (dola--near beg end)
                                       :only ["refactor.rewrite.dola" "dola"])))))
    (cl-loop for action across offered
             for command = (plist-get action :command)
             when (equal (plist-get command :command) "dola.own")
             collect (cons (string-remove-prefix "Dola: " (plist-get action :title))
                           (aref (plist-get command :arguments) 0)))))

(defvar dola--instructions nil "What was said to `dola-do' before.")

;;;###autoload
(defun dola-do (instruction beg end)
  "Do INSTRUCTION with the symbol at point, or the region from BEG to END."
  (interactive
   (progn (dola--server "dola.instruct")
          (cons (read-string "Dola, do: " nil 'dola--instructions) (dola--bounds))))
  (when (string-blank-p instruction)
    (user-error "Nothing was said, so nothing was sent"))
  (dola--act "dola.instruct" beg end :instruction instruction))

;;;###autoload
(defun dola-fix (beg end)
  "Fix a problem that Flymake knows of on the lines from BEG to END.
Where there are several, ask which, or take all of them."
  (interactive (dola--bounds))
  (dola--server "dola.fix")
  (let* ((problems (dola--problems beg end))
         (messages (mapcar (lambda (problem) (plist-get problem :message)) problems))
         (chosen (cond ((null problems) (user-error "Flymake shows no problem on these lines"))
                       ((cdr problems)
                        (completing-read "Fix: " (append messages '("All of them")) nil t))
                       (t (car messages)))))
    (dola--act "dola.fix" beg end
               :diagnostics
               (vconcat (seq-filter (lambda (problem)
                                      (member chosen (list (plist-get problem :message)
                                                           "All of them")))
                                    problems)))))

(defconst dola--actions
  '(("refactor" . "dola.refactor")
    ("explain" . "dola.explain")
    ("generate tests" . "dola.generateTests")
    ("document" . "dola.document")
    ("fix" . "dola.fix")
    ("do" . "dola.instruct")
    ("describe image" . "dola.describeImage")
    ("write from image" . "dola.writeFromImage")
    ("describe video" . "dola.describeVideo"))
  "The actions by name, and the commands of the server for them.")

;;;###autoload
(defun dola-show-prompt (action beg end &optional instruction)
  "Show what ACTION would send for the symbol at point, or from BEG to END.
ACTION is a command of the server or the id of an action of your own,
INSTRUCTION what `dola-do' would be told.  Nothing is sent."
  (interactive
   (let ((action (progn (dola--server "dola.showPrompt")
                        (completing-read "Show what would be sent by: " dola--actions nil nil nil
                                         nil (caar dola--actions)))))
     `(,(or (cdr (assoc action dola--actions)) action)
       ,@(dola--bounds)
       ,(and (equal action "do") (read-string "Dola, do: " nil 'dola--instructions)))))
  (apply #'dola--act "dola.showPrompt" beg end
         :action action
         (append (and instruction (list :instruction instruction))
                 (and (equal action "dola.fix")
                      (list :diagnostics (vconcat (dola--problems beg end)))))))

(defconst dola--most-problems 50
  "How many problems the server takes at a time.")

(defun dola--near (beg end)
  "Return the problems that Flymake knows of, those nearest to BEG and END first.
The server knows which are of the code that an action is about."
  (let* ((away (lambda (diagnostic)
                 (max 0
                      (- (flymake-diagnostic-beg diagnostic) end)
                      (- beg (flymake-diagnostic-end diagnostic)))))
         (near (and (bound-and-true-p flymake-mode)
                    (seq-sort-by away #'< (flymake-diagnostics)))))
    (vconcat (seq-take (dola--of-others near) dola--most-problems))))

(defun dola--problems (beg end)
  "Return the problems that Flymake knows of on the lines from BEG to END."
  (save-excursion
    (let ((beg (progn (goto-char beg) (line-beginning-position)))
          (end (progn (goto-char end) (line-end-position))))
      (dola--of-others (flymake-diagnostics beg end)))))

(defun dola--of-others (diagnostics)
  "Return DIAGNOSTICS of Flymake for the protocol, without the server's own."
  (seq-remove (lambda (problem) (equal (plist-get problem :source) "dola-ls"))
              (mapcar #'dola--problem diagnostics)))

(defun dola--problem (diagnostic)
  "Return a DIAGNOSTIC of Flymake as the protocol has it."
  (or (ignore-errors (alist-get 'eglot-lsp-diag (flymake-diagnostic-data diagnostic)))
      (list :range (dola--range (flymake-diagnostic-beg diagnostic)
                                (flymake-diagnostic-end diagnostic))
            :severity (pcase (flymake-diagnostic-type diagnostic)
                        (:error 1) (:warning 2) (_ 3))
            :message (flymake-diagnostic-text diagnostic))))

;;;###autoload
(defun dola-cancel ()
  "Stop what Dola is doing."
  (interactive)
  (dola--execute (dola--server "dola.cancel") "dola.cancel"))

;;;###autoload
(defun dola-status ()
  "Say what Dola is doing, with which model, and what the session came to."
  (interactive)
  (dola--execute (dola--server "dola.status") "dola.status"))

;;;###autoload
(defun dola-show-reasoning ()
  "Show what the model thought in the last action, if it sent any of that along."
  (interactive)
  (dola--execute (dola--server "dola.showReasoning") "dola.showReasoning"))

;;;###autoload
(defun dola-withdraw ()
  "Take back the consent to send code of this buffer's folder."
  (interactive)
  (dola--execute (dola--server "dola.consent") "dola.consent"
                 (list :allow :json-false
                       :uri (plist-get (eglot--TextDocumentIdentifier) :uri))))

;;;; Review

(cl-defmethod eglot-handle-notification
  ((server dola-server) (_method (eql 'dola/proposed)) &rest proposal)
  "Remember that SERVER has a PROPOSAL, an edit that waits for a decision."
  (dola--settle server (plist-get proposal :id))
  (push proposal (dola--proposals server))
  (message "Dola: %s: `M-x dola-review' shows it" (plist-get proposal :label)))

(cl-defmethod eglot-handle-notification
  ((server dola-server) (_method (eql 'dola/settled)) &key id)
  "Forget the proposal ID of SERVER: it was decided, or its buffer is gone."
  (dola--settle server id))

(defun dola--settle (server id)
  "Forget the proposal ID of SERVER."
  (setf (dola--proposals server)
        (seq-remove (lambda (proposal) (equal (plist-get proposal :id) id))
                    (dola--proposals server))))

(defvar-local dola--of nil "The server whose proposal this buffer shows.")
(defvar-local dola--id nil "The id of the proposal that this buffer shows.")

(defvar dola-review-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "a" #'dola-review-apply)
    (define-key map "h" #'dola-review-apply-hunk)
    (define-key map "d" #'dola-review-discard)
    (define-key map "x" #'dola-review-discard-hunk)
    (define-key map "r" #'dola-review-retry)
    (define-key map "n" #'diff-hunk-next)
    (define-key map "p" #'diff-hunk-prev)
    (define-key map "q" #'quit-window)
    map)
  "Keys of `dola-review-mode'.")

(define-derived-mode dola-review-mode diff-mode "Dola-Review"
  "Show a proposed edit, which can be applied or discarded, whole or by hunk.
Nothing is changed until you decide; \\[quit-window] keeps the proposal.

\\{dola-review-mode-map}"
  (setq buffer-read-only t
        header-line-format
        (substitute-command-keys
         (concat "\\<dola-review-mode-map>"
                 "\\[dola-review-apply] apply  \\[dola-review-apply-hunk] apply hunk  "
                 "\\[dola-review-discard] discard  \\[dola-review-discard-hunk] discard hunk  "
                 "\\[dola-review-retry] ask again  \\[quit-window] keep for later"))))

;;;###autoload
(defun dola-review (&optional any)
  "Show a proposed edit of this buffer, or of ANY buffer with a prefix argument."
  (interactive "P")
  (let* ((server (dola--server "dola.review"))
         (here (plist-get (eglot--TextDocumentIdentifier) :uri))
         (proposals (seq-filter (lambda (proposal)
                                  (or any (equal (plist-get proposal :uri) here)))
                                (and (cl-typep server 'dola-server) (dola--proposals server))))
         (labels (mapcar (lambda (proposal) (plist-get proposal :label)) proposals))
         (label (if (cdr labels) (completing-read "Review: " labels nil t) (car labels))))
    (unless label
      (user-error "There is no proposed edit here"))
    (dola--show server
                (plist-get (seq-find (lambda (proposal)
                                       (equal (plist-get proposal :label) label))
                                     proposals)
                           :id))))

(defun dola--show (server id)
  "Show the proposal ID of SERVER in a buffer of its own."
  (let ((texts (dola--decide server id "text")))
    (if (not (plist-get texts :id))
        (user-error "The proposal is there no more")
      (with-current-buffer (get-buffer-create "*Dola review*")
        (let ((inhibit-read-only t)
              (hunk (get-text-property (point) 'dola-hunk)))
          (erase-buffer)
          (dola-review-mode)
          (setq dola--of server
                dola--id id)
          (dola--insert texts)
          (goto-char (or (text-property-any (point-min) (point-max) 'dola-hunk hunk)
                         (text-property-any (point-min) (point-max) 'dola-hunk 0)
                         (point-min))))
        (set-buffer-modified-p nil)
        (pop-to-buffer (current-buffer))))))

(defun dola--insert (texts)
  "Insert TEXTS, the answer about a proposal, as a unified diff with its hunks."
  (let* ((before (split-string (plist-get texts :before) "\n"))
         (after (split-string (plist-get texts :after) "\n"))
         (stale (plist-get texts :stale))
         (name (file-name-nondirectory (eglot--uri-to-path (plist-get texts :uri))))
         (grown 0)
         (number 0))
    (insert (format "Dola: %s\n" (plist-get texts :label)))
    (unless (string-empty-p (or stale ""))
      (insert (format "This no longer fits: %s.  Ask again, or discard it.\n" stale)))
    (insert (format "--- %s\n+++ %s\n" name name))
    (dolist (hunk (or (append (plist-get texts :hunks) nil)
                      (list (dola--whole before after))))
      (let* ((first (plist-get (plist-get hunk :start) :line))
             (last (1+ (plist-get (plist-get hunk :end) :line)))
             (size (- last first))
             (new (+ size (- (cl-count ?\n (plist-get hunk :text))
                             (- last 1 first))))
             (start (point)))
        (dola--insert-hunk before first size (seq-subseq after (+ first grown) (+ first grown new))
                           (+ first grown))
        (put-text-property start (point) 'dola-hunk number)
        (setq grown (+ grown (- new size))
              number (1+ number))))))

(defun dola--common (one other)
  "Return how many elements ONE and OTHER have in common at their beginning."
  (cl-loop for a in one for b in other while (equal a b) count t))

(defun dola--whole (before after)
  "Return all that is different in AFTER from BEFORE, both lines, as one hunk."
  (let* ((start (dola--common before after))
         (tail (dola--common (reverse (nthcdr start before)) (reverse (nthcdr start after))))
         (end (- (length before) tail))
         (new (- (length after) tail)))
    ;; A hunk holds one line at least, before and after.
    (when (or (= end start) (= new start))
      (if (> start 0) (setq start (1- start)) (setq end (1+ end) new (1+ new))))
    (list :start (list :line start)
          :end (list :line (1- end))
          :text (make-string (- new start 1) ?\n))))

(defun dola--insert-hunk (before first size new line)
  "Insert a hunk: SIZE lines of BEFORE from FIRST on become NEW.
They stand at LINE of the new text."
  (let* ((old (seq-subseq before first (+ first size)))
         (same (dola--common old new))
         (old (nthcdr same old))
         (new (nthcdr same new))
         (tail (dola--common (reverse old) (reverse new)))
         (minus (butlast old tail))
         (plus (butlast new tail))
         (at (+ first same))
         ;; Hunks stand more than three lines apart; one line of context never meets the next.
         (above (seq-subseq before (max 0 (- at 1)) at))
         (below-at (+ at (length minus)))
         (below (seq-subseq before below-at (min (length before) (+ below-at 1)))))
    (insert (format "@@ -%d,%d +%d,%d @@\n"
                    (1+ (- at (length above))) (+ (length above) (length minus) (length below))
                    (1+ (- (+ line same) (length above)))
                    (+ (length above) (length plus) (length below))))
    (dolist (part `((" " . ,above) ("-" . ,minus) ("+" . ,plus) (" " . ,below)))
      (dolist (text (cdr part))
        (insert (car part) text "\n")))))

(defun dola--decide (server id do &optional hunk)
  "Have SERVER do DO with the proposal ID, or with its HUNK alone."
  (mapc #'dola--tell-changes (eglot--managed-buffers server))
  (dola--request server :workspace/executeCommand
                 (list :command "dola.review"
                       :arguments (vector (append (list :proposal id :do do)
                                                  (and hunk (list :hunk hunk)))))))

(defun dola--decide-here (do &optional by-hunk)
  "Do DO with the proposal of this buffer, BY-HUNK with the hunk at point alone."
  (let ((server dola--of)
        (id dola--id)
        (hunk (and by-hunk
                   (or (get-text-property (point) 'dola-hunk)
                       (user-error "Put point into a hunk")))))
    (unless id
      (user-error "There is no proposal in this buffer"))
    (dola--decide server id do hunk)
    (if (and (seq-find (lambda (proposal) (equal (plist-get proposal :id) id))
                       (dola--proposals server))
             (not (equal do "retry")))
        (dola--show server id)
      (quit-window t))))

(defun dola-review-apply ()
  "Apply the proposal."
  (interactive)
  (dola--decide-here "apply"))

(defun dola-review-apply-hunk ()
  "Apply the hunk at point, and keep the others."
  (interactive)
  (dola--decide-here "apply" t))

(defun dola-review-discard ()
  "Discard the proposal."
  (interactive)
  (dola--decide-here "discard"))

(defun dola-review-discard-hunk ()
  "Discard the hunk at point, and keep the others."
  (interactive)
  (dola--decide-here "discard" t))

(defun dola-review-retry ()
  "Discard the proposal and ask the model again."
  (interactive)
  (dola--decide-here "retry"))

(provide 'dola)
;;; dola.el ends here
